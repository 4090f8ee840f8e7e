import type { ILookaheadStrategy } from 'chevrotain';

/** What tells the ways on at a place in the grammar apart is worked out when a text first comes there: a spec comes to few of them. */
export class LookaheadOnDemand implements ILookaheadStrategy {
  readonly #strategy: ILookaheadStrategy;
  #initialize: (() => void) | undefined;

  constructor(strategy: ILookaheadStrategy) {
    this.#strategy = strategy;
  }

  validate: ILookaheadStrategy['validate'] = (options) => this.#strategy.validate(options);

  initialize: NonNullable<ILookaheadStrategy['initialize']> = (options) => {
    this.#initialize = () => this.#strategy.initialize?.(options);
  };

  buildLookaheadForAlternation: ILookaheadStrategy['buildLookaheadForAlternation'] = (options) =>
    this.#onDemand(() => this.#strategy.buildLookaheadForAlternation(options));

  buildLookaheadForOptional: ILookaheadStrategy['buildLookaheadForOptional'] = (options) =>
    this.#onDemand(() => this.#strategy.buildLookaheadForOptional(options));

  /** Called as a method of the parser, whose tokens it looks at. */
  #onDemand<A extends unknown[], R>(build: () => (...args: A) => R): (...args: A) => R {
    const ready = () => {
      this.#initialize?.();
      this.#initialize = undefined;
      return build();
    };
    let made: ((...args: A) => R) | undefined;
    return function (this: unknown, ...args) {
      made ??= ready();
      return made.apply(this, args);
    };
  }
}
