/** What a process or thread of ours is started with. Node reads our TypeScript by itself where it can, and then starts in a third of the time. */
export const typescriptLoader = (): string[] => (process.features.typescript ? [] : ['--import', import.meta.resolve('tsx')]);
