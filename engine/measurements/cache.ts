import { type CacheFolder, type CacheLimits, KeyedFiles } from './keyed-files.ts';
import { type Measurements, readMeasurements } from './measurements.ts';
import { StatisticsFiles } from './statistics-files.ts';

const measurementLimits: CacheLimits = { bytes: 16 * 2 ** 20, files: 256 };
const measurementExtension = '.measured.json';

/** Measurements by the content of what was measured (`measurementKey`). */
export class MeasurementCache {
  readonly #files: KeyedFiles;
  readonly #statistics: StatisticsFiles;

  constructor(folder: CacheFolder, limits: CacheLimits = measurementLimits) {
    this.#files = new KeyedFiles(folder, measurementExtension, limits);
    this.#statistics = new StatisticsFiles(folder);
  }

  async get(key: string): Promise<Measurements | undefined> {
    const bytes = await this.#files.get(key);
    return bytes && readMeasurements(new TextDecoder().decode(bytes));
  }

  async put(key: string, measurements: Measurements): Promise<void> {
    await this.#files.put(key, new TextEncoder().encode(JSON.stringify(measurements)));
  }

  /** Removes everything, the statistics of calibration in the same folder too; gives the number of files that there were. */
  async clear(): Promise<number> {
    return (await this.#files.clear()) + (await this.#statistics.clear());
  }
}
