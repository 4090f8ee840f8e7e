export function withPart(document: string, name: string, text: string): string;
export function writeBetweenMarkers(path: string, name: string, text: string): void;
