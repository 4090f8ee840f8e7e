import { posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../engine/env/node/host.ts';
import { readSeverities, type Severities } from '../../language/checks/severities.ts';
import { syntaxFindings } from '../../language/checks/syntax.ts';
import { checks } from '../../language/checks/table.ts';
import { checkSpec, loadSpec, resolveSpec } from '../../language/index.ts';
import { severitiesChanged } from '../../language/server/protocol.ts';
import { small } from './support/model.ts';
import { specPath } from './support/resources.ts';
import { startServer } from './support/server.ts';
import { vocabulary } from './support/vocabulary.ts';

/** A rule that matches nothing, a format that nobody uses, a rule that is set again. */
const spec = `qspec 1
model "m.onnx"
format w4 = int4
quantize {
  weights int8
  layers op MatMul { weights int4 }
  layers op Gemm { weights int4 }
  layers last { weights int8 }
}`;

function found(severities: Severities): Record<string, string> {
  const findings = checkSpec(loadSpec(spec, specPath), { vocabulary, path: posix, model: small, severities });
  return Object.fromEntries(findings.map(({ code, severity }) => [code, severity]));
}

describe('what a finding is set to be', () => {
  it('is what it is where nothing is said', () => {
    expect(found({})).toEqual({ 'rule/no-match': 'error', 'format/unused': 'hint', 'rule/no-effect': 'warning' });
  });

  it('holds for every level, and off says nothing', () => {
    expect(found({ 'rule/no-match': 'information', 'format/unused': 'off', 'rule/no-effect': 'error' })).toEqual({
      'rule/no-match': 'information',
      'rule/no-effect': 'error',
    });
  });

  it('lets a spec be carried out whose only error was made less, and not one with a warning made an error', () => {
    const context = { vocabulary, path: posix, model: small };
    const job = (severities: Severities) => resolveSpec(loadSpec(spec, specPath), { ...context, severities }).job;
    expect(job({})).toBeUndefined();
    expect(job({ 'rule/no-match': 'warning' })).toBeDefined();
    expect(job({ 'rule/no-match': 'off', 'rule/no-effect': 'error' })).toBeUndefined();
  });

  it('does not hide the error of a code that is a warning elsewhere', () => {
    const locks =
      'qspec 1 model "m.onnx" quantize { layers first { lock weights int8 } layers all { lock weights int4 } }';
    const findings = checkSpec(loadSpec(locks, specPath), {
      vocabulary,
      path: posix,
      model: small,
      severities: { 'rule/locked': 'off' },
    });
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['rule/locked', 'error']]);
  });
});

describe('wishes', () => {
  it.each(checks.filter(({ severity, mayBeLowered }) => severity === 'error' && !mayBeLowered).map(({ code }) => code))(
    'cannot make %s less than an error',
    (code) => {
      for (const wish of ['warning', 'hint', 'off']) {
        const { severities, refused } = readSeverities({ [code]: wish });
        expect(severities).toEqual({});
        expect(refused[0]).toContain(`"${code}" stays an error`);
      }
      expect(readSeverities({ [code]: 'error' }).refused).toEqual([]);
    },
  );

  it.each([
    [
      'a code that there is not',
      { 'rule/nomatch': 'off' },
      'There is no finding "rule/nomatch"; did you mean "rule/no-match"?',
    ],
    [
      'a level that there is not',
      { 'format/unused': 'none' },
      '"format/unused" can be error, warning, information, hint or off, not "none".',
    ],
    [
      'what is no text',
      { 'format/unused': null },
      '"format/unused" can be error, warning, information, hint or off, not "null".',
    ],
    [
      'a fault of syntax',
      { [syntaxFindings[0]!.code]: 'off' },
      '"syntax/unexpected" stays an error: a run would do something else than the spec says, or nothing.',
    ],
  ])('refuse %s', (_, wishes, sentence) => {
    expect(readSeverities(wishes)).toEqual({ severities: {}, refused: [sentence] });
  });

  it.each([[undefined], [null], ['off'], [7], [[]]])('that are no object (%s) wish nothing', (wishes) => {
    expect(readSeverities(wishes)).toEqual({ severities: {}, refused: [] });
  });
});

describe('the server', () => {
  const unused = 'qspec 1\nmodel "m.onnx"\nformat w4 = int4\nquantize { weights int8 }\nexport onnx qdq "x.onnx"\n';

  it('takes severities at its start and publishes anew when they change', async () => {
    const uri = pathToFileURL(specPath).toString();
    const server = await startServer(nodeHost(), [], { severities: { 'format/unused': 'off', 'spec/header': 'off' } });
    await server.open(uri, unused);
    await server.until(uri);
    expect(server.log.join('\n')).toContain('"spec/header" stays an error');
    await server.client.sendNotification(severitiesChanged, { severities: { 'format/unused': 'warning' } });
    const [finding] = await server.until(uri, 'format/unused');
    expect(finding).toMatchObject({ severity: 2 });
    server.client.dispose();
  });
});
