// ReDoc's own fonts come from a server of Google's; the reader's system has some too.
const sans = "system-ui, sans-serif";
Redoc.init(
  "/openapi.json",
  {
    hideDownloadButton: false,
    theme: {
      typography: {
        fontFamily: sans,
        headings: { fontFamily: sans },
        code: { fontFamily: "ui-monospace, monospace" },
      },
    },
  },
  document.getElementById("redoc"),
);
