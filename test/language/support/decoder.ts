import { modelOf, type Sketch } from './model.ts';

const width = 64;

/** Layers as a PyTorch exporter names them, and weights by the name of the module that they belong to. */
function linear(module: string, reads: string, writes: string, from = width, to = width): Sketch {
  return {
    name: `/${module.replaceAll('.', '/')}/MatMul`,
    op: 'MatMul',
    reads: [reads],
    writes,
    shape: [1, 'tokens', to],
    weight: [from, to],
    weightName: `${module}.weight`,
    macs: from * to,
  };
}

function block(index: number, input: string, output: string): readonly Sketch[] {
  const module = `model.layers.${index}`;
  const path = `/model/layers/${index}`;
  const inner = (name: string) => `${index}.${name}`;
  const shape = [1, 'tokens', width];
  return [
    { name: `${path}/norm/LayerNormalization`, op: 'LayerNormalization', reads: [input], writes: inner('n'), shape },
    linear(`${module}.self_attn.q_proj`, inner('n'), inner('q')),
    linear(`${module}.self_attn.v_proj`, inner('n'), inner('v')),
    { name: `${path}/self_attn/Add`, op: 'Add', reads: [inner('q'), inner('v')], writes: inner('a'), shape },
    linear(`${module}.self_attn.o_proj`, inner('a'), inner('o')),
    linear(`${module}.mlp.up_proj`, inner('o'), inner('u'), width, 4 * width),
    { name: `${path}/mlp/Relu`, op: 'Relu', reads: [inner('u')], writes: inner('r'), shape: [1, 'tokens', 4 * width] },
    linear(`${module}.mlp.down_proj`, inner('r'), inner('d'), 4 * width, width),
    { name: `${path}/Add`, op: 'Add', reads: [inner('d'), input], writes: output, shape },
  ];
}

/** A decoder of two blocks with a head: a stem without attention's products, which have no weights. */
export const decoder = modelOf(
  [...block(0, 'input', 'h0'), ...block(1, 'h0', 'h1'), linear('lm_head', 'h1', 'output', width, 1000)],
  [1, 'tokens', width],
);
