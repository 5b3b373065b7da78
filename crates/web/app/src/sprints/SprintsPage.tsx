export function SprintsPage() { return null; }
