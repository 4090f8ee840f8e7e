import * as vscode from 'vscode';
import { FindingError } from '../engine/findings.ts';
import { EngineEnded, EngineOwner } from './engine/owner.ts';
import { Runs } from './engine/runs.ts';
import type { Environment } from './environment.ts';
import { Expectations } from './expectations.ts';
import { RunFindings } from './findings.ts';
import { LanguageService } from './language.ts';
import { MeasurementFiles } from './measurements.ts';
import { findingText, offer } from './messages.ts';
import { PlanTables } from './plan-tables.ts';
import { GraphEditors } from './views/graph-editor.ts';
import { Plans } from './views/plans.ts';
import { Reports } from './views/reports.ts';
import { Spotlight } from './views/spotlight.ts';

/** The parts of the extension, made once by `activate`; commands and views get what they need from here. */
export class App {
  readonly context: vscode.ExtensionContext;
  readonly environment: Environment;
  readonly log: vscode.LogOutputChannel;
  readonly engine: EngineOwner;
  readonly language: LanguageService;
  readonly runs: Runs;
  readonly measurements: MeasurementFiles;
  readonly findings: RunFindings;
  readonly graphs: GraphEditors;
  readonly reports: Reports;
  readonly plans: Plans;
  readonly planTables: PlanTables;
  readonly spotlight: Spotlight;

  constructor(context: vscode.ExtensionContext, environment: Environment) {
    this.context = context;
    this.environment = environment;
    this.log = vscode.window.createOutputChannel('QSpec', { log: true });
    this.engine = new EngineOwner(environment, this.log);
    this.runs = new Runs(this.engine, context.workspaceState, environment.pathOf);
    this.measurements = new MeasurementFiles(context.globalStorageUri, this.runs);
    this.language = new LanguageService(environment, this.log, context.extensionUri, this.measurements);
    this.findings = new RunFindings();
    this.graphs = new GraphEditors(this);
    this.reports = new Reports(this);
    this.planTables = new PlanTables(this.language);
    this.plans = new Plans(this);
    this.spotlight = new Spotlight(this);
    const views = [new Expectations(this), this.spotlight, this.plans, this.reports, this.graphs];
    context.subscriptions.push(
      ...[...views, this.planTables, this.findings, this.language, this.measurements],
      ...[this.engine, this.log],
    );
  }

  run(command: string, ...args: unknown[]): Thenable<unknown> {
    return vscode.commands.executeCommand(command, ...args);
  }

  /**
   * Short work on a model, with a sign of life in the window's corner. What the file or the engine has against it is told;
   * undefined then.
   */
  async reading<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const options = { location: vscode.ProgressLocation.Window, title: `Reading ${name}` };
    try {
      return await vscode.window.withProgress(options, work);
    } catch (error) {
      this.tell(name, error);
      return undefined;
    }
  }

  /** Tells of an error: as a finding if it is one, else as a fault with the way to the log. */
  tell(subject: string, error: unknown): void {
    if (error instanceof FindingError) {
      void offer('error', `${subject}: ${findingText(error.finding)}`);
      return;
    }
    if (error instanceof EngineEnded && error.wanted) return;
    this.log.error((error as Error)?.stack ?? String(error));
    void offer('error', `${subject}: ${(error as Error)?.message ?? error}`, [
      { label: 'Show Log', run: () => this.log.show() },
    ]);
  }
}
