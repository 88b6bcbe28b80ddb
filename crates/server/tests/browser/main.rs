//! The pages as people see them, in a real browser.
//!
//! Where there is no Chromium the tests say that they are skipped; `dev/servers up tools` installs
//! it. With `TINTYPE_TEST_SCREENSHOTS` naming a folder, pictures of all pages are put there.

mod browser;
mod budget;
mod doors;
mod driver;
mod keys;
mod site;
mod stories;
mod tour;
