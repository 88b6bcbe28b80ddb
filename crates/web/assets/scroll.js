// Lists that go on: the next page comes before one has reached the end of this one.

export function watch(page, onAdded) {
  const list = page.querySelector("[data-more]");
  if (!list || !("IntersectionObserver" in window)) return;
  let isLoading = false;
  const observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) load();
  }, { rootMargin: "1200px 0px" });

  async function load() {
    const more = page.querySelector(".more:has(a[rel=next])");
    if (!more || isLoading) return;
    isLoading = true;
    list.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(more.querySelector("a").href, { headers: { Accept: "text/html" } });
      if (!response.ok) throw new Error(String(response.status));
      const next = new DOMParser().parseFromString(await response.text(), "text/html");
      // What was posted meanwhile moves nothing: an item that is there is not added again.
      const known = new Set([...list.children].map((item) => item.id).filter(Boolean));
      const items = [...(next.querySelector("[data-more]")?.children ?? [])];
      const added = items.filter((item) => !item.id || !known.has(item.id));
      list.append(...added.map((item) => page.adoptNode(item)));
      const rest = next.querySelector(".more:has(a[rel=next])") ?? next.getElementById("caught-up");
      if (rest) more.replaceWith(page.adoptNode(rest));
      else more.remove();
      onAdded(added);
      observe();
    } catch {
      // The link stays, for whoever wants to try again.
      observer.disconnect();
    } finally {
      isLoading = false;
      list.removeAttribute("aria-busy");
    }
  }

  function observe() {
    observer.disconnect();
    const more = page.querySelector(".more:has(a[rel=next])");
    if (more) observer.observe(more);
  }
  observe();
}
