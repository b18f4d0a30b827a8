// Preloaded into every process that a command starts: when the parent is gone (even by SIGKILL), the channel closes and so do we.
// Children of such a process inherit the preload, but their channel is their own affair.
if (process.channel && process.env.VIGIE_LAUNCHER === String(process.ppid)) {
  process.on("disconnect", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.exit(1), 12_000).unref();
  });
  process.channel.unref();
}
