/** What client and server say to each other beside the Language Server Protocol. */
export interface InitializationOptions {
  /** False or absent in an untrusted workspace: then no path of a spec is opened. */
  readonly trusted?: boolean;
}

/** Client to server: the person has granted trust. */
export const trustGranted = 'qspec/trustGranted';

/** Server (in a browser) to client, which has the files. Paths are those of `file:`-like URIs. */
export const fileRequests = {
  stat: 'qspec/files/stat',
  read: 'qspec/files/read',
  list: 'qspec/files/list',
} as const;
