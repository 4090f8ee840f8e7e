import type { TokenType } from 'chevrotain';
import type { GrammarAST, LangiumCoreServices, LangiumParser } from 'langium';
import {
  createDefaultCoreModule,
  createDefaultSharedCoreModule,
  DefaultTokenBuilder,
  DefaultValueConverter,
  EmptyFileSystem,
  inject,
} from 'langium';
import { QSpecGeneratedModule, QSpecGeneratedSharedModule } from '../generated/module.ts';
import { ExpectationCollector } from './messages.ts';

/** Words, numbers and texts stay as they are written: what they mean, and whether they mean it well, is judged where they are used. */
class Verbatim extends DefaultValueConverter {
  protected override runConverter(_rule: unknown, input: string): string {
    return input;
  }
}

/**
 * Comments are no part of the tree: hanging a hundred thousand of them into it overflows the stack. Whoever wants them
 * (hover, formatting) reads the text.
 */
class WithoutComments extends DefaultTokenBuilder {
  protected override buildTerminalToken(terminal: GrammarAST.TerminalRule): TokenType {
    const token = super.buildTerminalToken(terminal);
    // The name that Chevrotain gives to the group of tokens which it throws away.
    if (terminal.hidden) token.GROUP = 'SKIPPED';
    return token;
  }
}

export interface QSpecServices {
  readonly services: LangiumCoreServices;
  readonly parser: LangiumParser;
  readonly expectations: ExpectationCollector;
}

/** Builds the parser (about a tenth of a second). */
export function createServices(): QSpecServices {
  const expectations = new ExpectationCollector();
  const shared = inject(createDefaultSharedCoreModule(EmptyFileSystem), QSpecGeneratedSharedModule);
  const services = inject(createDefaultCoreModule({ shared }), QSpecGeneratedModule, {
    parser: {
      ParserErrorMessageProvider: () => expectations,
      ValueConverter: () => new Verbatim(),
      TokenBuilder: () => new WithoutComments(),
    },
  });
  shared.ServiceRegistry.register(services);
  const parser = services.parser.LangiumParser;
  // There are no hidden tokens; to hang none of them into the tree Langium 4 searches, at each token, all that stands before it.
  (parser as unknown as Record<'nodeBuilder', { addHiddenNodes(): void }>).nodeBuilder.addHiddenNodes = () => {};
  return { services, parser, expectations };
}
