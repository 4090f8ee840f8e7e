import { type Finding, FindingError } from '../../findings.ts';

/** What Node says when the machine refuses a file, and what a person is told. */
const causes: Readonly<Record<string, readonly [code: string, what: string, fix?: string]>> = {
  ENOENT: [
    'file/missing',
    'There is no such file or folder',
    'Check the path; it is relative to the file that names it.',
  ],
  EEXIST: ['file/not-a-folder', 'A folder is wanted, and this is a file', 'Name another folder.'],
  ENOTDIR: ['file/missing', 'A part of the path is a file, not a folder'],
  EACCES: ['file/denied', 'The file may not be opened', 'Check its permissions.'],
  EPERM: [
    'file/denied',
    'The operating system does not permit it',
    'Check the permissions of the file and its folder.',
  ],
  EROFS: ['file/denied', 'The disk is read-only'],
  EISDIR: ['file/is-folder', 'A file is wanted, and this is a folder'],
  ELOOP: ['file/link-loop', 'The symbolic links go in a circle'],
  ENAMETOOLONG: ['file/name-too-long', 'The path is longer than the operating system allows'],
  EMFILE: ['file/too-many-open', 'Too many files are open', 'Close other programs, or raise the limit of open files.'],
  ENFILE: ['file/too-many-open', 'Too many files are open', 'Close other programs, or raise the limit of open files.'],
  ENOSPC: [
    'file/disk-full',
    'The disk is full',
    'Make room, or write to another disk. What stood there before is untouched.',
  ],
  EDQUOT: ['file/disk-full', 'The quota of the disk is used up'],
  EFBIG: ['file/too-large', 'The file is larger than the operating system or Node allows'],
  ERR_FS_FILE_TOO_LARGE: ['file/too-large', 'The file is larger than 2 GiB, the most that is read at once'],
  EBUSY: ['file/busy', 'Another program holds the file', 'Close the program that uses it.'],
  EIO: ['file/disk-error', 'The disk reports an error'],
  // A zero byte inside a path.
  ERR_INVALID_ARG_VALUE: ['file/name', 'The operating system takes no such path'],
  ENXIO: ['file/not-a-file', 'This is neither a file nor a folder'],
};

/** Runs a file operation; what the machine refuses becomes a finding that names the file. Other errors pass. */
export async function explained<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw explanation(path, error);
  }
}

export function explainedSync<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw explanation(path, error);
  }
}

function explanation(path: string, error: unknown): unknown {
  const code = errorCode(error);
  const cause = code === undefined ? undefined : causes[code];
  if (!cause) return error;
  const [name, what, fix] = cause;
  const finding: Finding = { code: name, severity: 'error', what: `${what}: ${path}.`, file: path };
  return new FindingError(fix === undefined ? finding : { ...finding, fix });
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
