import type { DataOption } from '../generated/ast.ts';

/** Keyword of each kind of option. */
export const optionKeywords: Readonly<Record<Exclude<DataOption['$type'], 'UnknownOption'>, string>> = {
  InputOption: 'input',
  ArrayOption: 'array',
  OffsetsOption: 'offsets',
  LabelsOption: 'labels',
  LayoutOption: 'layout',
  ChannelsOption: 'channels',
  ResizeOption: 'resize',
  FilterOption: 'filter',
  CropOption: 'crop',
  ScaleOption: 'scale',
  MeanOption: 'mean',
  StdOption: 'std',
  SkipOption: 'skip',
  TakeOption: 'take',
  SeedOption: 'seed',
  SplitOption: 'split',
};

export const dataOptionWords = Object.values(optionKeywords);
