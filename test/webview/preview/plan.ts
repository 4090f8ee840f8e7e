import { posix } from 'node:path';
import { planMessage } from '../../../extension/views/plan-message.ts';
import { examine } from '../../../language/context.ts';
import { planTableOf } from '../../../language/editor/plan-table.ts';
import { loadSpec } from '../../../language/index.ts';
import { engineVocabulary } from '../../../language/vocabulary-engine.ts';
import type { PlanMessage } from '../../../webview/protocol.ts';
import { modelOf } from '../../language/support/model.ts';

const text = `qspec 1
target cortex-m7
quantize {
  weights int8 symmetric per-channel
  activations uint8 affine per-tensor observe mse
  layers op Conv where depthwise { weights int8 per-tensor }
  layers "/features/block1*/Conv*" { weights int4 }
  layers where macs > 100M { lock weights int8 }
  layers first keep float
}
`;

/** The plan of blocks of a convolution, an activation and a sum, as many as it takes for `layers` layers. */
export function residualPlan(layers: number): PlanMessage {
  let last = 'input';
  const sketches = Array.from({ length: layers }, (_, i) => {
    const op = ['Conv', 'Relu', 'Add'][i % 3]!;
    const name = `/features/block${Math.floor(i / 3)}/${op}_${i}`;
    const reads = op === 'Add' ? [last, last] : [last];
    last = name;
    const groups = i % 9 === 0 ? 1 : 64;
    const convolution = {
      weight: [64, 64 / groups, 3, 3],
      bias: true,
      kernel: [3, 3],
      groups,
      macs: 115_605_504 / groups,
    };
    return { name, op, reads, shape: [1, 64, 56, 56], ...(op === 'Conv' && convolution) };
  });
  const spec = examine(loadSpec(text, '/project/a.qspec'), {
    vocabulary: engineVocabulary(),
    path: posix,
    model: modelOf(sketches),
  });
  return planMessage(planTableOf(spec)!, { id: 'file:///a.qspec', title: 'a.qspec', model: 'synthetic.onnx' });
}
