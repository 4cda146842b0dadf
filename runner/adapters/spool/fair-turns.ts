interface Turn {
  tenant: string;
}

/**
 * Whose messages are delivered next: always one of the tenant that has the fewest under way, its oldest first.
 * @param waiting oldest first
 * @param underWay the tenant of each message that is being delivered
 */
export const fairTurns = <T extends Turn>(waiting: readonly T[], underWay: readonly string[], most: number, mostPerTenant: number): T[] => {
  const busy = new Map<string, number>();
  for (const tenant of underWay) busy.set(tenant, (busy.get(tenant) ?? 0) + 1);
  const lines = new Map<string, T[]>();
  for (const one of waiting) {
    const line = lines.get(one.tenant);
    if (line === undefined) lines.set(one.tenant, [one]);
    else line.push(one);
  }
  const next = new Map([...lines].map(([tenant]) => [tenant, 0]));
  const turns: T[] = [];
  while (underWay.length + turns.length < most && next.size > 0) {
    let chosen: string | undefined;
    for (const tenant of next.keys()) if (chosen === undefined || (busy.get(tenant) ?? 0) < (busy.get(chosen) ?? 0)) chosen = tenant;
    if (chosen === undefined) break;
    const place = next.get(chosen) ?? 0;
    const one = lines.get(chosen)?.[place];
    const count = busy.get(chosen) ?? 0;
    if (one === undefined || count >= mostPerTenant) {
      next.delete(chosen);
      continue;
    }
    turns.push(one);
    next.set(chosen, place + 1);
    busy.set(chosen, count + 1);
  }
  return turns;
};
