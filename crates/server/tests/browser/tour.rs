//! Every page, looked at by somebody who looks for faults.

use std::path::{Path, PathBuf};

use serde_json::json;
use tintype_api::accounts::Role;
use tintype_platform::testkit::variable;

use crate::browser::Browser;
use crate::driver;
use crate::site::{Person, Site};

/// What is wrong with a page for some.
const ACCESSIBLE: &str = include_str!("accessible.js");

/// What axe-core finds serious, as sentences.
const AXE: &str = "return axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}, ${help}: ${html.slice(0, 160)}`)))";

/// Widths and heights of the screens of a phone, a tablet and a desk.
const SCREENS: [(u32, u32); 3] = [(390, 844), (768, 1024), (1280, 900)];

/// The narrowest screen that there is, or a wide one with everything four times as large.
const NARROWEST: (u32, u32) = (320, 640);

const LONG: &str =
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

/// A site in which no page is empty.
struct Furnished {
    site: Site,
    /// Whose tour it is: she may see everything.
    iris: Person,
    /// The path of a post of several pictures, which many have talked about.
    post: String,
    /// The path of one of hers.
    own: String,
}

impl Furnished {
    async fn new() -> Self {
        let site = Site::new().await;
        let iris = site.person("iris").await;
        let (bob, dora) = (site.person("bob").await, site.person("dora").await);
        let (frank, eve) = (site.person("frank").await, site.person("eve").await);
        let long = site.person("a_name_of_thirty_characters_00").await;
        site.running.site.accounts.set_role("iris", Role::Admin).await.unwrap();
        let bio = json!({ "bio": "Hills, mostly. Prints on request.\n#light",
            "website": "https://tintype.example/bob" });
        let endless = json!({ "bio": format!("{LONG} #light"),
            "website": format!("https://tintype.example/{LONG}"),
            "fullName": "Bobby-Joe Wetherby-Smythe of the Northern Isles and elsewhere" });
        let private = json!({ "isPrivate": true });
        site.does(&frank, "/api/users/iris/follow").await;
        for (person, about) in
            [(&bob, bio), (&long, endless), (&dora, private.clone()), (&iris, private)]
        {
            site.ask(Some(person), "PUT", "/api/users/me", Some(about)).await;
        }
        site.does(&long, "/api/users/iris/follow").await;
        site.does(&frank, "/api/users/bob/follow").await;
        for other in ["bob", "frank", "dora", &long.username] {
            site.does(&iris, &format!("/api/users/{other}/follow")).await;
        }
        site.does(&iris, "/api/users/eve/block").await;
        let unseen = site.post(&eve, "Nobody sees this", &[(400, 400)]).await;
        site.does(&frank, &format!("/api/posts/{unseen}/like")).await;
        let own = site.post(&iris, "Mine #light", &[(800, 1000)]).await;
        site.post(&long, &format!("{LONG} https://a.example/{LONG}"), &[(1200, 630)]).await;
        for words in ["Before the rain", "After it", "A long way down", "Evening", "Home"] {
            site.post(&frank, words, &[(640, 640 + 40 * words.len() as u32 % 240)]).await;
        }
        let stranger = site.person("gus").await;
        for words in ["North", "East", "South", "West", "Up", "Down", "In between"] {
            site.post(&stranger, words, &[(640, 640)]).await;
        }
        let caption = "A day by the sea with @iris, and not a soul on the beach.\n\n\
            We went home when it got dark. #light #sea";
        let post = site.post(&bob, caption, &[(800, 1000), (1000, 800), (800, 800)]).await;
        for person in [&bob, &frank, &iris] {
            site.does(person, &format!("/api/posts/{post}/like")).await;
            let path = format!("/api/posts/{post}/comments");
            for words in ["How lovely! I wish I had been there.", LONG] {
                site.ask(Some(person), "POST", &path, Some(json!({ "content": words }))).await;
            }
        }
        site.does(&frank, &format!("/api/posts/{own}/like")).await;
        site.does(&iris, &format!("/api/posts/{post}/save")).await;
        site.drained().await;
        Self { site, iris, post: format!("/p/{post}"), own: format!("/p/{own}") }
    }
}

#[tokio::test]
async fn every_page_is_for_everybody() {
    if !driver::is_here() {
        return;
    }
    let Furnished { site, iris, post, own } = Furnished::new().await;
    let browser = Browser::new(&site).await;
    let axe = axe();
    if let Some(axe) = &axe {
        browser.before_pages(axe).await;
    }
    let look = async |path: &str, faults: &mut Vec<String>| {
        look(&browser, path, axe.is_some(), faults).await;
    };
    let mut faults = Vec::new();
    let outside = "/ /login /signup /explore /bob /search?q=b /dora /offline /people";
    for path in outside.split(' ').chain([&*post]) {
        look(path, &mut faults).await;
    }
    browser.be(&iris).await;
    let inside = "/ /?order=ranked /explore /search /search?q=b /tags/light /iris /bob \
        /bob/followers /bob/following /bob/mutual /a_name_of_thirty_characters_00 /dora /eve \
        /people /saved /new /activity /settings/profile /settings/privacy /settings/password \
        /settings/sessions /settings/people /settings/delete /admin /admin/people /admin/posts \
        /logout /nobody.is.here /nothing/at/all";
    let of_posts =
        [post.clone(), format!("{post}/likes"), format!("{own}/edit"), format!("{own}/delete")];
    for path in inside.split(' ').chain(of_posts.iter().map(String::as_str)) {
        look(path, &mut faults).await;
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    drop(browser);
    site.close().await;
}

/// The program that looks for the same faults and more, if a copy of it is at hand: it is under a
/// licence of its own, and so is none of the project's files.
fn axe() -> Option<String> {
    variable("TINTYPE_TEST_AXE").map(|path| std::fs::read_to_string(path).unwrap())
}

/// Looks at a page by day and by night, on narrow screens and wide ones.
async fn look(browser: &Browser, path: &str, has_axe: bool, faults: &mut Vec<String>) {
    let (width, height) = SCREENS[2];
    browser.size(width, height).await;
    browser.go(path).await;
    let who = browser.script("return document.body.className").await;
    let mut add = |what: String| faults.push(format!("{path} ({who}) {what}"));
    for scheme in ["light", "dark"] {
        // What moves has no colour of its own yet.
        let calm = ("prefers-reduced-motion", "reduce");
        browser.prefers(&[("prefers-color-scheme", scheme), calm]).await;
        for fault in browser.script(ACCESSIBLE).await.as_array().unwrap() {
            add(format!("{scheme}: {}", fault.as_str().unwrap()));
        }
        if has_axe {
            for fault in browser.script(AXE).await.as_array().unwrap() {
                add(format!("{scheme}: axe-core: {}", fault.as_str().unwrap()));
            }
        }
    }
    for (width, height) in SCREENS.into_iter().chain([NARROWEST]) {
        browser.size(width, height).await;
        let wider = browser.script("return document.documentElement.scrollWidth").await;
        if wider.as_u64().unwrap() > u64::from(width) {
            add(format!("is {wider} wide on a screen of {width}: {}", widest(browser).await));
        }
    }
    // Below this a finger misses.
    let small = browser
        .script(
            "return [...document.querySelectorAll('button, summary, input, select, .button, nav a')]
                .filter((element) => element.checkVisibility() && !element.closest('.unseen, .skip'))
                .filter((element) => !element.matches('.drop input, .crops input, .check input'))
                .filter((element) => {
                    const box = element.getBoundingClientRect();
                    return box.width < 44 || box.height < 44;
                })
                .map((element) => element.outerHTML.slice(0, 160))",
        )
        .await;
    for element in small.as_array().unwrap() {
        add(format!("is too small to touch: {element}"));
    }
    for message in browser.console().await {
        if !message.text.contains("a status of 404 ") || !path.starts_with("/no") {
            add(format!("says in the console: {} {}", message.level, message.text));
        }
    }
}

/// What makes a page wider than the screen.
async fn widest(browser: &Browser) -> String {
    let widest = browser
        .script(
            "const edge = (element) => element.getBoundingClientRect().right;
             const all = [...document.querySelectorAll('body *:not(.frame *, .sections *)')];
             const widest = all.reduce((one, other) => edge(other) > edge(one) ? other : one);
             return widest.outerHTML.slice(0, 160)",
        )
        .await;
    widest.as_str().unwrap_or_default().to_owned()
}

/// Takes pictures of the main pages for people to look at.
#[tokio::test]
async fn pictures_are_taken() {
    let folder = std::env::var_os("TINTYPE_TEST_SCREENSHOTS").filter(|folder| !folder.is_empty());
    let Some(folder) = folder.map(PathBuf::from) else { return };
    if !driver::is_here() {
        return;
    }
    std::fs::create_dir_all(&folder).unwrap();
    let Furnished { site, iris, post, own } = Furnished::new().await;
    let browser = Browser::new(&site).await;
    for (name, path) in [
        ("front", "/"),
        ("sign-in", "/login"),
        ("sign-up", "/signup"),
        ("stranger-post", &post),
        ("stranger-profile", "/bob"),
        ("lost", "/nothing/at/all"),
    ] {
        take(&browser, &folder, name, path).await;
    }
    browser.be(&iris).await;
    for (name, path) in [
        ("home", "/"),
        ("explore", "/explore"),
        ("post", &post),
        ("profile", "/bob"),
        ("profile-long", "/a_name_of_thirty_characters_00"),
        ("own-profile", "/iris"),
        ("private", "/dora"),
        ("new", "/new"),
        ("edit", &format!("{own}/edit")),
        ("delete", &format!("{own}/delete")),
        ("activity", "/activity"),
        ("search", "/search?q=b"),
        ("people", "/people"),
        ("saved", "/saved"),
        ("settings", "/settings/profile"),
        ("sessions", "/settings/sessions"),
        ("admin", "/admin"),
        ("admin-people", "/admin/people"),
        ("admin-posts", "/admin/posts"),
        ("blocked-people", "/settings/people"),
        ("nobody", "/nobody.is.here"),
    ] {
        take(&browser, &folder, name, path).await;
    }
    drop(browser);
    site.close().await;
}

/// Takes six pictures of a page: on three screens, by day and by night.
async fn take(browser: &Browser, folder: &Path, name: &str, path: &str) {
    browser.go(path).await;
    for (width, height) in SCREENS {
        browser.size(width, height).await;
        for scheme in ["light", "dark"] {
            let calm = ("prefers-reduced-motion", "reduce");
            browser.prefers(&[("prefers-color-scheme", scheme), calm]).await;
            browser.sees_its_pictures().await;
            let file = folder.join(format!("{name}-{width}-{scheme}.png"));
            std::fs::write(file, browser.picture().await).unwrap();
        }
    }
}
