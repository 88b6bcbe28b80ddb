//! How much the pages weigh, and that nothing on them jumps.

use serde_json::Value;

use crate::browser::Browser;
use crate::driver;
use crate::site::Site;

/// Bytes of the home page itself.
const PAGE: u64 = 60_000;

/// Bytes on the wire of all that a browser loads for it which has never been here, but pictures.
const SENT: u64 = 20_000;

/// Requests for it, without pictures.
const REQUESTS: usize = 14;

/// What is said to be good is 0.1.
const SHIFT: f64 = 0.02;

/// Adds up how much of a page has moved.
const MEASURE: &str = "globalThis.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });";

/// Waits until two frames have been painted: what moves, has.
const SETTLED: &str = "new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";

#[tokio::test]
async fn the_home_page_is_light_and_stands_still() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let bob = site.person("bob").await;
    let mut last = String::new();
    for number in 0..10 {
        let sizes = [(400, 500), (600, 400), (400, 400)];
        let caption = format!("Number {number}: a #few words about a day by the sea with @bob.");
        last = site.post(&ann, &caption, &sizes[..=number % 3]).await;
    }
    site.does(&bob, "/api/users/ann/follow").await;
    site.drained().await;
    let browser = Browser::new(&site).await;
    browser.be(&bob).await;
    browser.before_pages(MEASURE).await;
    browser.go("/").await;
    browser.until("document.querySelectorAll('#feed > .post').length === 10").await;
    let loaded = browser
        .script(
            "const [page] = performance.getEntriesByType('navigation');
             const others = performance.getEntriesByType('resource');
             return [page, ...others]
                 .filter((entry) => !new URL(entry.name).pathname.startsWith('/media/'))
                 .filter((entry) => !entry.name.endsWith('/live'))
                 .map((entry) => [entry.name, entry.decodedBodySize, entry.encodedBodySize]);",
        )
        .await;
    let loaded = loaded.as_array().unwrap();
    let page = loaded[0][1].as_u64().unwrap();
    assert!(page > 0 && page < PAGE, "{page} bytes");
    let sent: u64 = loaded.iter().map(|entry: &Value| entry[2].as_u64().unwrap()).sum();
    assert!(sent < SENT, "{sent} bytes on the wire: {loaded:#?}");
    assert!(loaded.len() <= REQUESTS, "{} requests: {loaded:#?}", loaded.len());

    let last = format!("/p/{last}");
    for (path, width) in [("/", 1280), ("/", 390), ("/ann", 390), ("/explore", 1280), (&last, 390)]
    {
        browser.size(width, 844).await;
        browser.go(path).await;
        for part in 0..=8 {
            let down = format!("document.body.scrollHeight * {part} / 8");
            browser.script(&format!("scrollTo({{ top: {down}, behavior: 'instant' }})")).await;
            browser.sees_its_pictures().await;
            browser.until(SETTLED).await;
        }
        let shift = browser.script("return globalThis.shift").await.as_f64().unwrap();
        assert!(shift < SHIFT, "{path} at {width} moves by {shift}");
    }
    browser.assert_quiet(&[]).await;
    drop(browser);
    site.close().await;
}
