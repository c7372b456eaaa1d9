// Stops early, with the way out, where npm scripts do not run on the pinned Node.
if (Number(process.versions.node.split('.')[0]) < 26) {
  console.error(
    `Latchkey runs on Node 26; this is ${process.version} (${process.platform}-${process.arch}). Run \`npm ci\`, which brings it along.`,
  )
  process.exit(1)
}
