//! Without a mouse: keys and fingers.

use serde_json::json;

use crate::browser::Browser;
use crate::driver;
use crate::site::Site;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const LEFT: &str = "\u{e012}";
const RIGHT: &str = "\u{e014}";

/// The number of the picture that a carousel shows, once it stands still.
const SHOWN: &str = "(() => {
    const slides = document.querySelector('.slides');
    const at = slides.scrollLeft / slides.clientWidth;
    return Math.abs(at - Math.round(at)) < 0.01 ? Math.round(at) + 1 : null;
})()";

#[tokio::test]
async fn pictures_are_turned_with_keys_and_liked_with_a_finger() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let post = site.post(&ann, "Three", &[(400, 500), (500, 400), (400, 400)]).await;
    let browser = Browser::new(&site).await;
    browser.be(&ann).await;
    browser.go(&format!("/p/{post}")).await;
    browser.says("1/3").await;
    browser.lacks(".turn.back").await;
    browser.script("document.querySelector('.slides').focus()").await;
    for (key, shown) in [(RIGHT, 2), (RIGHT, 3), (RIGHT, 3), (LEFT, 2)] {
        browser.press(key).await;
        browser.until(&format!("{SHOWN} === {shown}")).await;
    }
    browser.click(".turn.on").await;
    browser.until(&format!("{SHOWN} === 3")).await;
    browser.lacks(".turn.on").await;
    browser.click(".turn.back").await;
    browser.until(&format!("{SHOWN} === 2")).await;

    browser.tap_twice(".frame").await;
    browser.shows("[data-toggle=like][aria-pressed=true]").await;
    browser.says("1 like").await;
    // Twice again takes nothing back.
    browser.until("!document.querySelector('.burst')").await;
    browser.tap_twice(".frame").await;
    browser.shows(".burst").await;
    browser.shows("[data-toggle=like][aria-pressed=true]").await;

    browser.click(".post .menu summary").await;
    browser.shows(".post .menu .sheet").await;
    browser.press(ESCAPE).await;
    browser.lacks(".post .menu .sheet").await;
    browser.until("document.activeElement.matches('.menu summary')").await;

    browser.click("#content").await;
    browser.press(&format!("By key{ENTER}")).await;
    browser.until("document.querySelector('.comment')?.innerText.includes('By key')").await;
    browser.assert_quiet(&[]).await;
    drop(browser);
    site.close().await;
}

/// Whoever goes from one thing to the next with the keyboard sees where they are.
#[tokio::test]
async fn one_sees_where_the_keyboard_is() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let bob = site.person("bob").await;
    site.post(&ann, "Two", &[(400, 500), (500, 400)]).await;
    site.does(&bob, "/api/users/ann/follow").await;
    site.drained().await;
    let browser = Browser::new(&site).await;
    browser.be(&bob).await;
    browser.prefers(&[("prefers-reduced-motion", "reduce")]).await;
    for path in ["/", "/ann", "/new", "/settings/privacy", "/explore"] {
        browser.go(path).await;
        browser.press(TAB).await;
        let first = browser.script("return document.activeElement.className").await;
        let autofocus = browser.script("return !!document.querySelector('[autofocus]')").await;
        assert!(first == "skip" || autofocus == json!(true), "{path}: {first}");
        for step in 0..25 {
            // An outline, a shadow, or whatever else it is that it has only now.
            let unseen = browser
                .until(
                    "(() => {
                        const element = document.activeElement;
                        if (element === document.body) return 'nothing';
                        if (element.matches('.unseen')) return 'hidden: ' + element.outerHTML;
                        const marked = (element) => {
                            const style = getComputedStyle(element);
                            return parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== 'none';
                        };
                        const box = element.getBoundingClientRect();
                        const outside = box.bottom <= 0 || box.top >= innerHeight
                            || box.right <= 0 || box.left >= innerWidth;
                        if (outside) return 'outside: ' + element.outerHTML;
                        const next = element.nextElementSibling;
                        const is = marked(element) || element.parentElement && marked(element.parentElement)
                            || next && marked(next) || element.matches('.skip');
                        return is ? 'seen' : 'unmarked: ' + element.outerHTML;
                    })()",
                )
                .await;
            assert!(unseen == "seen" || unseen == "nothing", "{path}, step {step}: {unseen}");
            browser.press(TAB).await;
        }
    }
    browser.go("/").await;
    browser.press(&format!("{TAB}{ENTER}")).await;
    browser.until("document.activeElement.id === 'main'").await;
    drop(browser);
    site.close().await;
}

/// New posts are announced where one is, however far one has read.
#[tokio::test]
async fn new_posts_are_announced_further_down_as_well() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let bob = site.person("bob").await;
    for number in 0..12 {
        site.post(&ann, &format!("Number {number}"), &[(400, 500)]).await;
    }
    site.does(&bob, "/api/users/ann/follow").await;
    site.drained().await;
    let browser = Browser::new(&site).await;
    browser.be(&bob).await;
    browser.go("/").await;
    browser.until("globalThis.stream?.readyState === 1").await;
    // The second page comes by itself.
    browser.script("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })").await;
    browser.until("document.querySelectorAll('#feed > .post').length === 12").await;
    browser.shows("#caught-up").await;
    site.post(&ann, "Just now", &[(400, 400)]).await;
    browser.shows("#new-posts").await;
    let place = "return document.querySelector('#new-posts').getBoundingClientRect().top";
    let top = browser.script(place).await.as_f64().unwrap();
    assert!((0.0..900.0).contains(&top), "the pill is on the screen: {top}");
    browser.click("#new-posts").await;
    browser.says("Just now").await;
    browser.until("scrollY < 50").await;
    browser.assert_quiet(&[]).await;
    drop(browser);
    site.close().await;
}
