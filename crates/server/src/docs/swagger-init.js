SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // The default is a service on the internet that would be shown our description.
  validatorUrl: "none",
});
