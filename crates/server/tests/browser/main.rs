//! The pages as people see them, in a real browser.
//!
//! Where there is no Chromium the tests say that they are skipped; `dev/servers up tools` installs
//! it. With `TINTYPE_TEST_SCREENSHOTS` naming a folder, pictures of all pages are put there. Where
//! `TINTYPE_TEST_AXE` names the `axe.min.js` of axe-core, that looks at all pages beside our own
//! checks in `accessible.js`.

mod browser;
mod budget;
mod doors;
mod driver;
mod keys;
mod offline;
mod site;
mod stories;
mod tour;
