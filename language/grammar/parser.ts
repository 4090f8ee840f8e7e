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
import type { Spec } from '../generated/ast.ts';
import { QSpecGeneratedModule, QSpecGeneratedSharedModule } from '../generated/module.ts';
import { blank, mostSyntaxErrors } from './limits.ts';
import { ExpectationCollector, type SyntaxFault, TooManySyntaxErrors } from './messages.ts';

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

interface QSpecServices {
  readonly services: LangiumCoreServices;
  readonly parser: LangiumParser;
  readonly expectations: ExpectationCollector;
}

/** Builds the parser (about a tenth of a second). */
function createServices(): QSpecServices {
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

/** What the parser made of a text. */
export interface Parsed {
  /** As the parser read it. */
  readonly text: string;
  readonly value: Spec;
  readonly lexerErrors: readonly { readonly offset: number; readonly length: number }[];
  readonly parserErrors: readonly SyntaxFault[];
  /** Where it gave up. */
  readonly stoppedAt?: number;
}

let cached: QSpecServices | undefined;

export function parse(text: string): Parsed {
  let stoppedAt: number | undefined;
  let readable = text;
  for (;;) {
    cached ??= createServices();
    cached.expectations.restart(stoppedAt === undefined ? mostSyntaxErrors : Number.POSITIVE_INFINITY);
    try {
      const { value, lexerErrors, parserErrors } = cached.parser.parse<Spec>(readable);
      const errors = parserErrors as unknown as readonly SyntaxFault[];
      return {
        text: readable,
        value,
        lexerErrors,
        parserErrors: errors,
        ...(stoppedAt === undefined ? {} : { stoppedAt }),
      };
    } catch (error) {
      // A parser that was left in the middle is of no further use.
      cached = undefined;
      if (!(error instanceof TooManySyntaxErrors) || stoppedAt !== undefined) throw error;
      stoppedAt = Math.min(error.offset, readable.length);
      readable = blank(readable, [[stoppedAt, readable.length]]);
    }
  }
}
