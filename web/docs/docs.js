// Added after Swagger UI's bundle: shows the document of the service that serves this page. A file of its own, not a
// script in the page, so that the page works under a policy without inline scripts.
window.addEventListener("load", () => {
  const ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    // A token typed here stays in this page's memory alone.
    persistAuthorization: false,
    onComplete() {
      document.title = ui.specSelectors.info().get("title") ?? document.title;
    },
  });
});
