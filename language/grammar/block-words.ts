/** Words that begin statements and what stands in their blocks, for messages, completion and checks: the grammar itself keeps no lists. */

export const statementWords: readonly string[] = [
  ...['qspec', 'import', 'model', 'target', 'data', 'format', 'passes', 'prune', 'quantize', 'train', 'search'],
  ...['export', 'expect'],
];

export const dataWords: readonly string[] = [
  ...['input', 'array', 'offsets', 'labels', 'layout', 'channels', 'resize', 'filter', 'crop', 'scale', 'mean', 'std'],
  ...['skip', 'take', 'seed', 'split'],
];

export const roleWords = ['weights', 'activations', 'inputs', 'outputs', 'bias'] as const;
export const pruneWords = ['sparsity', 'channels', 'pattern', 'rank', 'by'] as const;
export const ruleWords = ['layers', 'layer'] as const;
/** What is done to fields that have been set. */
export const fieldWords = ['lock', 'reset'] as const;
export const searchWords: readonly string[] = ['weights', 'activations', 'minimize', 'maximize', 'subject'];
