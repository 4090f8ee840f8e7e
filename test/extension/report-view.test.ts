import { describe, expect, test } from 'vitest';
import { reportMessage } from '../../extension/views/report-view.ts';
import { exampleReport } from '../engine/report/example.ts';

const message = reportMessage(exampleReport, { id: 'spec', actions: [{ action: 'openSpec', label: 'Open Spec' }] });

describe('what the report view is sent', () => {
  test('survives structured cloning and JSON alike', () => {
    expect(JSON.parse(JSON.stringify(message))).toEqual(structuredClone(message));
  });

  test('leads with size, accuracy, the estimated latency of each target and the arithmetic', () => {
    expect(message.cards.map(({ title, before, after }) => [title, before, after])).toEqual([
      ['Size of the file', '144 KiB', '42.0 KiB'],
      ['Top-1 accuracy', '98.06 %', '97.78 %'],
      ['Latency, estimated', '21.3 ms', '7.10 ms'],
      ['Arithmetic', '2.89 G', '181 M'],
    ]);
    expect(message.cards[0]!.share).toBeCloseTo(43_008 / 147_456);
  });

  test('turns the drop of accuracy into a change in points, its interval with it', () => {
    const { value, low, high } = message.cards[1]!.interval!;
    expect([value, low, high].map((x) => Number(x.toFixed(2)))).toEqual([-0.28, -1.77, 1.04]);
  });

  test('judges expectations and budgets alike, and says whose budget it is', () => {
    expect(message.judgements.map(({ text, passed }) => [text, passed])).toEqual([
      ['expect top1 drop <= 1 points', true],
      ['expect size <= 40 KiB', false],
      ['expect top5 >= 99 %', null],
      ['cortex-m7: flash <= 1.00 MiB', true],
      ['cortex-m7: latency <= 5.00 ms', false],
    ]);
  });

  test('tells the gravest finding first, and of what the recipe chose by itself', () => {
    expect(message.findings.map(({ code }) => code)).toEqual(['data/single-class', 'quantize/stays-float']);
    expect(message.choices.map(({ what }) => what)).toEqual(['Activations are observed by `mse`.']);
  });

  test('has every layer, with a dash and no number for what is not known', () => {
    expect(message.layers.map(({ name }) => name)).toEqual(exampleReport.layers.map(({ name }) => name));
    expect(message.layers[2]).toMatchObject({ weight: '', weightSqnr: { text: '–', value: null }, histograms: [] });
    expect(message.layers[0]).toMatchObject({
      weightSqnr: { text: '41.2 dB', value: 41.2 },
      bytesBefore: { text: '2.50 KiB', value: 2560 },
      macs: { text: '100 k', value: 100_352 },
    });
  });

  test('tells of the zeros of a pruned layer that stays float', () => {
    const [layer, ...rest] = exampleReport.layers;
    const { weights: _, ...float } = layer!;
    const facts = (zeros: object) =>
      reportMessage({ ...exampleReport, layers: [{ ...float, ...zeros }, ...rest] }, { id: 'spec', actions: [] })
        .layers[0]!.weightFacts;
    expect(facts({ zeros: 0.5 })).toEqual(['50.0 % zeros']);
    expect(facts({})).toEqual([]);
  });

  test('explains a histogram in its small print', () => {
    const [weights, output] = message.layers[1]!.histograms;
    expect(weights).toMatchObject({
      title: 'weights',
      axis: 'steps of each channel’s scale',
      levels: { low: -7, high: 7, step: 1 },
    });
    expect(weights!.notes).toEqual([
      'int4, 15 levels',
      'scales 0.0012 to 0.0345, 16 channels',
      'zero point 0',
      'nothing clipped',
      '1,000 values',
    ]);
    expect(output).toMatchObject({ title: 'output', axis: 'value' });
    expect(output!.notes).toContain('0.25 % clipped');
  });

  test('says of an accuracy without labels what it is instead', () => {
    const { labelled: _, agreement, ...metrics } = exampleReport.accuracy!.metrics;
    const card = (more: object) =>
      reportMessage(
        { ...exampleReport, accuracy: { ...exampleReport.accuracy!, metrics: { ...metrics, ...more } } },
        { id: 'spec', actions: [] },
      ).cards[1]!;
    expect(card({ agreement })).toMatchObject({ title: 'Predictions alike', before: null, after: '99.2 %' });
    expect(card({})).toMatchObject({ title: 'SQNR of the logits', after: '31.4 dB' });
  });

  test('tells of a layer’s weights in words and by channel', () => {
    const { weightFacts, channelSqnr } = message.layers[1]!;
    expect(weightFacts).toEqual([
      'range −0.412 … 0.381, codes reach −0.4 … 0.379',
      '15 of 15 levels used',
      'zeros 0.0 % → 6.3 %',
      'worst channel 3 at 19.8 dB, median 23.2 dB',
    ]);
    expect(channelSqnr).toEqual([21.4, 24.9, 23.2, 19.8]);
    expect(message.layers[0]!.weightFacts).toEqual([]);
  });

  test('tells energy where the target has a model of it', () => {
    const [target] = exampleReport.targets;
    const figures = (energy: number) => ({ ...target!.before, energy });
    const withEnergy = { ...target!, before: figures(0.0009), after: figures(0.0003) };
    const sent = reportMessage({ ...exampleReport, targets: [target!, withEnergy] }, { id: 'spec', actions: [] });
    expect(sent.hardware.map(({ rows }) => rows.map(({ quantity }) => quantity))).toEqual([
      ['Latency', 'Flash', 'RAM'],
      ['Latency', 'Energy', 'Flash', 'RAM'],
    ]);
    expect(sent.hardware[1]!.rows[1]).toEqual({ quantity: 'Energy', before: '900 µJ', after: '300 µJ' });
  });

  test('leaves out what the run did not do', () => {
    const bare = reportMessage(
      {
        ...exampleReport,
        spec: undefined,
        calibration: undefined,
        accuracy: undefined,
        verification: undefined,
        targets: [],
        layers: [],
      },
      { id: 'spec', actions: [] },
    );
    expect(bare.cards.map(({ title }) => title)).toEqual(['Size of the file', 'Arithmetic']);
    expect([bare.runtime, bare.hardware]).toEqual([[], []]);
    expect(bare.subtitle).toBe('digits.onnx · 0 layers');
  });
});
