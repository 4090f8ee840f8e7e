import type { ILookaheadStrategy, TokenType } from 'chevrotain';
import type { GrammarAST, LangiumCoreServices, LangiumParser } from 'langium';
import {
  DefaultLexer,
  DefaultLexerErrorMessageProvider,
  DefaultTokenBuilder,
  DefaultValueConverter,
  prepareLangiumParser,
  RegExpUtils,
} from 'langium';
import type { Spec } from '../generated/ast.ts';
import { QSpecAstReflection } from '../generated/ast.ts';
import { QSpecGrammar } from '../generated/grammar.ts';
import { parserConfig, QSpecLanguageMetaData } from '../generated/module.ts';
import { blank, mostSyntaxErrors } from './limits.ts';
import { LookaheadOnDemand } from './lookahead.ts';
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
class QSpecTokenBuilder extends DefaultTokenBuilder {
  readonly #beginnings = new Map<TokenType, RegExp>();

  protected override buildTerminalToken(terminal: GrammarAST.TerminalRule): TokenType {
    const token = super.buildTerminalToken(terminal);
    // The name that Chevrotain gives to the group of tokens which it throws away.
    if (terminal.hidden) token.GROUP = 'SKIPPED';
    return token;
  }

  /** As the default, which makes the expression for what begins a terminal anew for each keyword. */
  protected override findLongerAlt(keyword: GrammarAST.Keyword, terminals: TokenType[]): TokenType[] {
    return terminals.filter((terminal) => {
      if (!(terminal.PATTERN instanceof RegExp)) return false;
      let beginning = this.#beginnings.get(terminal);
      if (beginning === undefined) {
        beginning = RegExpUtils.partialRegExp(`^${terminal.PATTERN.source}$`);
        this.#beginnings.set(terminal, beginning);
      }
      return (beginning.exec(keyword.value)?.[0].length ?? 0) > 0;
    });
  }
}

interface QSpecParser {
  readonly parser: LangiumParser;
  readonly expectations: ExpectationCollector;
}

/** Builds the parser (some hundredths of a second) of the services that it uses, which of all of Langium's are few. */
function createParser(): QSpecParser {
  const expectations = new ExpectationCollector();
  const parts = {
    LexerErrorMessageProvider: new DefaultLexerErrorMessageProvider(),
    ParserConfig: parserConfig,
    ParserErrorMessageProvider: expectations,
    TokenBuilder: new QSpecTokenBuilder(),
    ValueConverter: new Verbatim(),
  };
  const services = {
    Grammar: QSpecGrammar(),
    LanguageMetaData: QSpecLanguageMetaData,
    // The grammar has no cross-references: names are looked up in what the engine and a model's file have.
    references: {},
    shared: { AstReflection: new QSpecAstReflection(), profilers: {} },
    parser: parts,
  } as unknown as LangiumCoreServices;
  const lexer = new DefaultLexer(services);
  const parser = prepareLangiumParser({ ...services, parser: { ...services.parser, Lexer: lexer } });
  const { wrapper, nodeBuilder } = parser as unknown as Insides;
  wrapper.lookaheadStrategy = new LookaheadOnDemand(wrapper.lookaheadStrategy);
  parser.finalize();
  // There are no hidden tokens; to hang none of them into the tree Langium 4 searches, at each token, all that stands before it.
  nodeBuilder.addHiddenNodes = () => {};
  return { parser, expectations };
}

/** What of a parser Langium does not show. */
interface Insides {
  readonly wrapper: { lookaheadStrategy: ILookaheadStrategy };
  readonly nodeBuilder: { addHiddenNodes(): void };
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

let cached: QSpecParser | undefined;

export function parse(text: string): Parsed {
  let stoppedAt: number | undefined;
  let readable = text;
  for (;;) {
    cached ??= createParser();
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
