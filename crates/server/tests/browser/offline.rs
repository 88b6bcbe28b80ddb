//! When the site cannot be reached.

use crate::browser::Browser;
use crate::driver;
use crate::site::Site;

#[tokio::test]
async fn who_has_been_here_is_told_in_the_sites_own_look_that_it_cannot_be_reached() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let browser = Browser::new(&site).await;
    browser.be(&ann).await;
    browser.go("/").await;
    // From then on it answers in the place of the network.
    browser.until("navigator.serviceWorker.controller?.state === 'activated'").await;
    let look = "return getComputedStyle(document.body).backgroundColor
        + getComputedStyle(document.querySelector('h1')).fontFamily";
    let own = browser.script(look).await;
    browser.assert_quiet(&[]).await;
    site.close().await;

    browser.go("/explore").await;
    browser.shows("#offline h1").await;
    browser.says("Tintype cannot be reached from here.").await;
    assert_eq!(browser.script(look).await, own);
    let icon = "document.querySelector('#offline svg').getBoundingClientRect().width > 0";
    assert_eq!(browser.script(&format!("return {icon}")).await, true);
    let page = "return [location.pathname, document.body.className]";
    let stranger = serde_json::json!(["/explore", "signed-out"]);
    assert_eq!(browser.script(page).await, stranger, "nothing of anybody's is kept");

    browser.script("globalThis.wasHere = true").await;
    browser.click("#offline .button").await;
    browser.until("!globalThis.wasHere && document.querySelector('#offline')").await;
}
