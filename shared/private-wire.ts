const isLoopback = (hostname: string): boolean => hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

/** Keys that came over a wire that anybody can write on would let anybody in. */
export const isPrivateWire = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || isLoopback(url?.hostname ?? '');
};
