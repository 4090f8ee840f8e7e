import fc from 'fast-check';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { operators } from '../../../engine/operators/registry.ts';
import { allocate } from '../../../engine/operators/shared/numbers.ts';
import { type DataType, elementCount, type Tensor } from '../../../engine/tensor.ts';
import { graphProto, modelProto, node, valueInfo } from './protos.ts';

const domains = new Map(
  operators
    .filter(({ domain }) => domain === '' || domain.startsWith('ai.onnx.'))
    .map(({ op, domain }) => [op, domain]),
);
export const opNames = [...domains.keys()];

/** The node with another operator. */
export function withOperator(own: onnx.NodeProto, op: string): onnx.NodeProto {
  return new onnx.NodeProto({ ...own, op_type: op, domain: domains.get(op) });
}

/** Operators of the other domains that files may hold. Names that several domains of QONNX share are tried in one. */
export const otherOperators = [
  ...new Map(
    operators
      .filter(({ domain }) => domain !== '' && !/^qspec|^ai\.onnx\.|^finn|brevitas/.test(domain))
      .map(({ domain, op }) => [`${domain}.${op}`, { domain, op }] as const),
  ),
];

/** Every attribute that some operator reads, with values right, wrong and absurd. */
const attributeNames = [
  'alpha',
  'axes',
  'axis',
  'align_corners',
  'allowzero',
  'aggregate_function',
  'antialias',
  'auto_pad',
  'batch_axis',
  'batch_dims',
  'beta',
  'block_size',
  'broadcast',
  'case_change_action',
  'blocksize',
  'body',
  'ceil_mode',
  'center_point_box',
  'coordinate_transformation_mode',
  'count_include_pad',
  'delimiter',
  'default_tensor',
  'dilations',
  'direction',
  'dtype',
  'else_branch',
  'end',
  'epsilon',
  'equation',
  'exclude_outside',
  'exclusive',
  'group',
  'hidden_size',
  'ignore_index',
  'inverse',
  'is_causal',
  'k',
  'keep_aspect_ratio_policy',
  'keepdims',
  'keys_int64s',
  'keys_strings',
  'keys_tensor',
  'kernel_shape',
  'kv_num_heads',
  'largest',
  'layout',
  'linear_before_reset',
  'mode',
  'max_gram_length',
  'max_skip_count',
  'maxsplit',
  'n_targets',
  'new_axis',
  'ngram_counts',
  'ngram_indexes',
  'num_groups',
  'num_heads',
  'num_outputs',
  'num_scan_inputs',
  'offset_group',
  'onesided',
  'output_datatype',
  'output_dtype',
  'output_height',
  'output_padding',
  'output_shape',
  'output_width',
  'p',
  'padding_mode',
  'pads',
  'paddings',
  'pattern',
  'perm',
  'pixel_format',
  'prob_mod',
  'pool_int64s',
  'pool_strings',
  'pooled_shape',
  'q_num_heads',
  'reduction',
  'sample_size',
  'sampling_ratio',
  'scale',
  'score_mod',
  'scales',
  'shape',
  'size',
  'sorted',
  'spatial',
  'split',
  'stopwords',
  'type',
  'values_strings',
  'values_tensor',
  'start',
  'starts',
  'ends',
  'strides',
  'then_branch',
  'to',
  'training_mode',
  'transA',
  'transB',
  'update_rule',
  'value',
  'value_ints',
  'K',
  'N',
  'activation',
  'activation_params',
  'bits',
  'channels_last',
  'data_layout',
  'div',
  'do_rotary',
  'interleaved',
  'kernel_size',
  'local_window_size',
  'metric',
  'n_levels',
  'n_levels_out',
  'narrow',
  'opset',
  'pad_amount',
  'qkv_hidden_sizes',
  'rotary_embedding_dim',
  'rounding_mode',
  'signed',
  'stride',
  'transBatchA',
  'unidirectional',
] as const;

const words = [
  'nearest',
  'TF',
  'IDF',
  'UPPER',
  'BGR',
  '(a|[0-9]+)*\\b',
  ' ',
  'linear',
  'cubic',
  'SAME_UPPER',
  'VALID',
  'reflect',
  'wrap',
  'edge',
  'mean',
  'ij,jk->ik',
  'ii->',
  '...->',
  'bidirectional',
  'tf_crop_and_resize',
  'RIGHT',
  'none',
  'add',
  'constant',
  'gated',
  'a\nb',
  'Relu',
  'Clip',
  'FLOOR',
  'NHWC',
  'euclidean',
];
const integer = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 2 ** 40, 2 ** 53 - 1, 65_537, -1000) },
);
const dims = fc.array(
  fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 4 }) }, { weight: 1, arbitrary: fc.constant(7) }),
  { maxLength: 5 },
);
const types = fc.constantFrom<DataType>(
  'float32',
  'float32',
  'float32',
  'int64',
  'int64',
  'bool',
  'uint8',
  'int8',
  'int32',
  'float16',
  'string',
  'float64',
  'complex64',
  'int4',
);

export function tensorOf(dtype: DataType, shape: readonly number[], seed: readonly number[]): Tensor {
  const data = allocate(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const value = seed[i % seed.length]!;
    if (Array.isArray(data)) data[i] = String(value);
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
    else data[i] = dtype === 'bool' ? value & 1 : value;
  }
  return { dtype, dims: shape, data };
}

const tensor = fc
  .tuple(types, dims, fc.array(integer, { minLength: 1, maxLength: 4 }))
  .map(([dtype, shape, seed]) => tensorOf(dtype, shape, seed));

const kinds = onnx.AttributeProto.AttributeType;
const innerGraph = fc.array(fc.constantFrom(...opNames), { minLength: 1, maxLength: 2 }).map((ops) =>
  graphProto({
    nodes: ops.map((op, i) => withOperator(node(op, i === 0 ? 'v0' : `i${i - 1}`, `i${i}`), op)),
    outputs: [`i${ops.length - 1}`],
  }),
);
const attribute = fc
  .tuple(
    fc.constantFrom(...attributeNames),
    fc.oneof(
      integer.map((i) => ({ type: kinds.INT, i })),
      fc.double({ noDefaultInfinity: true }).map((f) => ({ type: kinds.FLOAT, f })),
      fc.constantFrom(...words).map((word) => ({ type: kinds.STRING, s: new TextEncoder().encode(word) })),
      fc.array(integer, { maxLength: 5 }).map((ints) => ({ type: kinds.INTS, ints })),
      fc.array(fc.double(), { maxLength: 4 }).map((floats) => ({ type: kinds.FLOATS, floats })),
      fc
        .array(fc.constantFrom(...words), { maxLength: 4 })
        .map((own) => ({ type: kinds.STRINGS, strings: own.map((word) => new TextEncoder().encode(word)) })),
      tensor.map((own) => ({ type: kinds.TENSOR, t: tensorToProto(own) })),
      fc.constant({ type: kinds.TYPE_PROTO, tp: new onnx.TypeProto({ optional_type: new onnx.TypeProto.Optional() }) }),
      innerGraph.map((g) => ({ type: kinds.GRAPH, g })),
      integer.map((i) => ({ i })),
      fc.constant({ type: 77 as never }),
    ),
  )
  .map(([name, fields]) => new onnx.AttributeProto({ name, ...fields }));

const values = ['v0', 'v1', 'c0', 'c1', 'c2', 'n0', 'n1', ''];
const anyNode = (index: number) =>
  fc
    .tuple(
      fc.constantFrom(...opNames),
      fc.array(fc.constantFrom(...values), { maxLength: 6 }),
      fc.integer({ min: 1, max: 3 }),
      fc.uniqueArray(attribute, { maxLength: 5, selector: (own) => own.name }),
      fc.constantFrom('', 'same', 'a\nb', undefined),
    )
    .map(
      ([op_type, input, outputs, attributes, name]) =>
        new onnx.NodeProto({
          op_type,
          domain: domains.get(op_type),
          // Mostly a value of the node before, so that chains arise.
          input: input.map((value) =>
            value === 'n0' && index === 0 ? 'v0' : value === 'n1' && index <= 1 ? 'v1' : value,
          ),
          output: Array.from({ length: outputs }, (_, i) => (i === 0 ? `n${index}` : `n${index}_${i}`)),
          attribute: attributes,
          name,
        }),
    );

/** Models that decode and may be nonsense in every other way, with tensors for their two inputs. */
export const anyModel = fc
  .tuple(
    fc.integer({ min: 1, max: 28 }),
    fc.array(tensor, { minLength: 3, maxLength: 3 }),
    fc.array(tensor, { minLength: 2, maxLength: 2 }),
    fc.tuple(anyNode(0), anyNode(1), anyNode(2)),
    fc.boolean(),
  )
  .map(([opset, constants, inputs, nodes, symbolic]) => ({
    inputs,
    proto: modelProto({
      opset,
      opsets: { 'ai.onnx.ml': 5, 'ai.onnx.preview': 1 },
      inputs: Object.fromEntries(
        inputs.map(({ dtype, dims: own }, i) => [
          `v${i}`,
          valueInfo(`v${i}`, symbolic ? own.map(() => 'N') : own, dtype),
        ]),
      ),
      constants: Object.fromEntries(constants.map((own, i) => [`c${i}`, own])),
      nodes,
      outputs: ['n2'],
    }),
  }));
