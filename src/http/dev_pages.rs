//! The pages of the dev profile on the console: what would have been mailed, and where payments are pretended. No other
//! profile has them.

use actix_web::HttpRequest;
use actix_web::web::{self, Data, ServiceConfig};

use crate::http::dev_checkout;
use crate::http::page::assets::{self, Assets};
use crate::http::page::parts::Bare;
use crate::http::page::theme;
use crate::http::site::outbox;
use crate::payments::sandbox::provider::PaymentSandbox;
use crate::store::views::outbox::OutboxViews;

/// What the profile pretends.
#[derive(Clone)]
pub struct DevPages {
    pub mails: Option<OutboxViews>,
    pub checkout: Option<PaymentSandbox>,
}

/// Adds the pages, and the files they need.
pub fn add(config: &mut ServiceConfig, pages: DevPages) {
    config.app_data(Data::new(Assets::default())).route("/static/{name}", web::get().to(assets::serve));
    if let Some(mails) = pages.mails {
        outbox::add(config, mails);
    }
    if let Some(checkout) = pages.checkout {
        dev_checkout::add(config, checkout);
    }
}

/// A page that stands alone, under a name that is not the platform's own.
pub fn bare(http: &HttpRequest, files: &Assets, brand: &str, path: &str) -> Bare {
    Bare {
        path: path.to_owned(),
        theme: theme::of(http).to_owned(),
        brand: brand.to_owned(),
        home: path.to_owned(),
        css: files.href("derouter.css").to_owned(),
        js: files.href("derouter.js").to_owned(),
        icon: files.href("icon.svg").to_owned(),
        ..Bare::default()
    }
}
