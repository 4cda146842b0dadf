// Plain JavaScript, loaded before anything else, so that it runs on the Node that is too old as well.
const oldest = [22, 12];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  process.stderr.write(
    `npm start needs Node ${oldest.join('.')} or newer; this is ${process.versions.node} (${process.execPath}). ` +
      'npm ci installs a right one for Linux, macOS and Windows, unless optional dependencies are left out: run npm ci again without --omit=optional.\n',
  );
  process.exit(1);
}
