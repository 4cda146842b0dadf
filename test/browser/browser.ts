import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** A real Chromium, which must be there: a test of a browser without one would test nothing. @throws when there is none */
export const launchBrowser = async (): Promise<Browser> => {
  const executablePath = [process.env.CHROMIUM, ...places].find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error('There is no Chromium. Install it (apt-get install -y chromium), or name it in CHROMIUM.');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    timeout: 120_000,
  });
};
