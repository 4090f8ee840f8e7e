import fc from 'fast-check';

/**
 * Property tests draw the same cases in every run, so that a change that did not break them cannot fail by them.
 * `QSPEC_SEED=NUMBER` draws others, which is how to look for new faults.
 */
fc.configureGlobal({ seed: Number(process.env.QSPEC_SEED ?? 20_261_128) });
