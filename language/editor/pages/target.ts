import { bytes, duration, joules, watts } from '../../../engine/report/quantities.ts';
import type { CheckedSpec } from '../../context.ts';
import type { BudgetKind, ExpectationKind } from '../../quantities/measured.ts';
import type { TargetWord } from '../../vocabulary.ts';
import { facts, figure, heading, paragraphs, plain } from '../markdown.ts';
import { plannedOf } from '../planned.ts';
import { bytesChange, energyChange, openText, timeChange } from './change.ts';

/** A machine: what it is, has and can run, and what this spec costs there if it is the one that the spec names. */
export function targetPage(target: TargetWord, spec: CheckedSpec): string {
  const { name, title = '', description, activePower, macsPerCycle, formats } = target;
  return paragraphs(
    heading(name, title),
    plain(description, 600),
    restsOn(name, spec),
    facts([
      ...estimates(name, spec),
      ['has', machineText(target)],
      ['power while it computes', activePower === undefined ? 'not known' : watts(activePower)],
      ['MACs a cycle and core', ratesText(macsPerCycle)],
      ['formats', plain(formats.join(', '))],
    ]),
  );
}

function restsOn(name: string, spec: CheckedSpec): string {
  const planned = plannedOf(spec);
  return planned?.named && planned.target.name === name ? openText(planned) : '';
}

function machineText({ clockHz, cores = 1, flash, ram }: TargetWord): string {
  return [
    clockHz === undefined ? '' : `${cores > 1 ? `${cores} cores of ` : ''}${figure(clockHz / 1e6)} MHz`,
    flash === undefined ? '' : `${bytes(flash)} of flash`,
    ram === undefined ? '' : `${bytes(ram)} of RAM`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function ratesText(rates: TargetWord['macsPerCycle']): string {
  return Object.entries(rates ?? {})
    .map(([formats, rate]) => `${plain(formats)} ${figure(rate)}`)
    .join(', ');
}

function estimates(name: string, spec: CheckedSpec): readonly (readonly [string, string])[] {
  const planned = plannedOf(spec);
  if (!planned?.named || planned.target.name !== name) return [];
  const { before, after } = planned;
  return [
    ['estimated latency', timeChange(before.latency, after.latency)],
    ['estimated energy', energyChange(before.energy, after.energy)],
    ['estimated flash', bytesChange(before.flash, after.flash, planned.atMost)],
    ['estimated RAM', bytesChange(before.ram, after.ram)],
  ];
}

/** A budget's quantity, and how near to it the spec is as far as that can be estimated before anything runs. */
export function budgetPage(kind: BudgetKind | ExpectationKind, spec: CheckedSpec): string {
  const text = plannedText(kind.name, spec);
  return paragraphs(
    `**${plain(kind.name)}** ${plain(kind.description)}`,
    text,
    text === '' ? '' : openText(plannedOf(spec)!),
  );
}

function plannedText(name: string, spec: CheckedSpec): string {
  const planned = plannedOf(spec);
  if (!planned?.named) return '';
  const { before, after, target } = planned;
  const of = (has: number | undefined) => (has === undefined ? '' : ` of ${bytes(has)}`);
  switch (name) {
    case 'latency':
      return `Estimated ${duration(before.latency)} → ${duration(after.latency)} on ${plain(target.title)}.`;
    case 'energy':
      return before.energy === undefined || after.energy === undefined
        ? `Not estimated: ${plain(target.title)} has no model of energy.`
        : `Estimated ${joules(before.energy)} → ${joules(after.energy)} on ${plain(target.title)}.`;
    case 'flash':
      return `Estimated ${bytes(before.flash)} → ${planned.atMost ? '≤ ' : ''}${bytes(after.flash)}${of(target.flash)} on ${plain(target.title)}.`;
    case 'ram':
      return `Estimated ${bytes(before.ram)} → ${bytes(after.ram)}${of(target.ram)} on ${plain(target.title)}.`;
    default:
      return '';
  }
}
