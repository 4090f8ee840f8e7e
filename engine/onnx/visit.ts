import type { onnx } from './proto.ts';

/** Every dense tensor of a model: initializers, attributes, subgraphs, functions, training, halves of sparse tensors. */
export function* tensorsOf(model: onnx.ModelProto): Generator<onnx.TensorProto> {
  if (model.graph) yield* tensorsOfGraph(model.graph);
  for (const func of model.functions) {
    for (const node of func.node) yield* tensorsOfAttributes(node.attribute);
    yield* tensorsOfAttributes(func.attribute_proto);
  }
  for (const { initialization, algorithm } of model.training_info) {
    if (initialization) yield* tensorsOfGraph(initialization);
    if (algorithm) yield* tensorsOfGraph(algorithm);
  }
}

export function* tensorsOfGraph(graph: onnx.GraphProto): Generator<onnx.TensorProto> {
  yield* graph.initializer;
  for (const sparse of graph.sparse_initializer) yield* tensorsOfSparse(sparse);
  for (const node of graph.node) yield* tensorsOfAttributes(node.attribute);
}

function* tensorsOfAttributes(attributes: readonly onnx.AttributeProto[]): Generator<onnx.TensorProto> {
  for (const attribute of attributes) {
    if (attribute.t) yield attribute.t;
    yield* attribute.tensors;
    if (attribute.sparse_tensor) yield* tensorsOfSparse(attribute.sparse_tensor);
    for (const sparse of attribute.sparse_tensors) yield* tensorsOfSparse(sparse);
    if (attribute.g) yield* tensorsOfGraph(attribute.g);
    for (const graph of attribute.graphs) yield* tensorsOfGraph(graph);
  }
}

function* tensorsOfSparse(sparse: onnx.SparseTensorProto): Generator<onnx.TensorProto> {
  if (sparse.values) yield sparse.values;
  if (sparse.indices) yield sparse.indices;
}
