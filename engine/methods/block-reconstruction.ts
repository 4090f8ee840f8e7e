import { fisherRounding } from './fisher-rounding.ts';
import { curvatureSeedArgument, equalizeArgument, type WeightMethod } from './method.ts';

/**
 * Block reconstruction: layers get their codes by `fisher-rounding`, and codes, scales and biases of a block are then refined
 * together by the error of the block's output (`engine/quantize/learn-stretch.ts`). After BRECQ, Li et al. 2021 (arXiv 2102.05426):
 * its objective, its weighting by slopes of the outputs in the codes that it begins with alone, with code moves in the place of soft roundings,
 * which need many more steps than a hundred samples are worth.
 */
export const blockReconstruction: WeightMethod = {
  name: 'block-reconstruction',
  title: 'Block reconstruction',
  description:
    'Begins as `fisher-rounding`; codes, scales and biases of a block’s layers then move together, by the error of the block’s output.',
  cost: 'As `fisher-rounding`, and up to `steps` runs of each block forwards and backwards on the calibration samples.',
  source: 'after BRECQ, Li et al. 2021 (arXiv 2102.05426)',
  arguments: [
    {
      name: 'steps',
      description: 'Steps of each block, of codes and of scales by turns.',
      initial: 30,
      min: 1,
      max: 1000,
    },
    {
      name: 'depth',
      description: 'Layers in a row that are taken as a block; residual blocks are taken whole.',
      initial: 4,
      min: 1,
      max: 16,
    },
    curvatureSeedArgument,
    equalizeArgument,
  ],
  needs: 'samples',
  together: true,
  needsCurvature: true,
  quantize: fisherRounding.quantize,
};
