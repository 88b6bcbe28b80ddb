// What happens while one looks: new posts wait behind a pill, and the mark on the bell counts.

export function listen(page) {
  const arrivals = page.getElementById("arrivals");
  const isFeed = arrivals && "live" in arrivals.dataset;
  const me = page.getElementById("nav-profile")?.pathname.slice(1);
  const waiting = new Set();
  let stream = null;

  function open() {
    if (stream || page.visibilityState !== "visible") return;
    stream = new EventSource("/live");
    stream.addEventListener("post", (event) => isFeed && arrive(JSON.parse(event.data)));
    stream.addEventListener("activity", (event) => count(JSON.parse(event.data).unread));
  }

  function close() {
    stream?.close();
    stream = null;
  }

  function arrive(post) {
    if (page.getElementById(`p${post.id}`) || post.author.username === me) return;
    waiting.add(post.id);
    show();
  }

  function show() {
    let pill = page.getElementById("new-posts");
    if (!pill) {
      pill = page.createElement("button");
      pill.type = "button";
      pill.id = "new-posts";
      pill.className = "button pill";
      pill.addEventListener("click", fetchNew);
      arrivals.append(pill);
    }
    pill.textContent = waiting.size === 1 ? "1 new post" : `${waiting.size} new posts`;
  }

  async function fetchNew() {
    const response = await fetch("/", { headers: { Accept: "text/html" } }).catch(() => null);
    const feed = page.getElementById("feed");
    if (!response?.ok || !feed) return location.assign("/");
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    const items = [...next.querySelectorAll("#feed > .post")];
    const added = items.filter((item) => !page.getElementById(item.id));
    // More has come than a page holds: what lies between would be missing.
    if (added.length === items.length && feed.children.length > 0) return location.assign("/");
    feed.prepend(...added.map((item) => page.adoptNode(item)));
    page.getElementById("empty-feed")?.remove();
    waiting.clear();
    page.getElementById("new-posts")?.remove();
    const [{ bind }, { paint }] = await Promise.all([import("./carousel.js"), import("./blur.js")]);
    bind(feed);
    paint(feed);
    scrollTo({ top: 0 });
  }

  function count(unread) {
    const badge = page.getElementById("unread");
    if (!badge) return;
    badge.hidden = unread === 0;
    badge.textContent = unread > 99 ? "99+" : String(unread);
    page.getElementById("unread-words").textContent = unread ? `, ${unread} new` : "";
  }

  page.addEventListener("visibilitychange", () => page.visibilityState === "visible" ? open() : close());
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}
