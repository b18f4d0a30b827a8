// Preloaded into every process that a command starts: when the parent is gone (even by SIGKILL), the channel closes and so do we.
if (process.channel) {
  process.on("disconnect", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.exit(1), 12_000).unref();
  });
  process.channel.unref();
}
