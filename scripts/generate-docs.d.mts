/** Documents with their parts as they should be: path → text. */
export function generatedDocuments(): Map<string, string>;
