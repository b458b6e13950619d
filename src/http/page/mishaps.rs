//! Errors as pages: what was not done, and where to go on. Whoever is signed out is led to sign-in and back.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::site::Site;
use crate::http::json::error::JsonError;
use crate::http::page::parts::{Bare, ErrorPage};
use crate::http::page::stage::Stage;
use crate::http::page::{local, reply};

/// Paths whose answers are read by programs: their errors stay JSON.
const OF_PROGRAMS: [&str; 3] = ["/api/v1/", "/static/", "/live"];
/// Seconds after which a page of a site that restores itself is loaded again.
const RETRY_S: &str = "10";

#[derive(Template)]
#[template(path = "error.html")]
struct DashboardError<'a> {
    page: Bare,
    error: &'a ErrorPage,
}

#[derive(Template)]
#[template(path = "portal/error.html")]
struct PortalError<'a> {
    page: Bare,
    error: &'a ErrorPage,
}

/// Wraps a site: an error that a page's handler returned becomes a page.
///
/// # Errors
/// Those of the services it wraps.
pub async fn dress(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let answer = next.call(request).await?.map_into_boxed_body();
    let http = answer.request().clone();
    let of_program = OF_PROGRAMS.iter().any(|start| http.path().starts_with(start));
    let (Some(stage), false) = (http.app_data::<Data<Stage>>().cloned(), of_program) else { return Ok(answer) };
    let error = answer.response().error().and_then(|error| error.as_error::<JsonError>()).cloned();
    Ok(match error {
        Some(error) => answer.into_response(page_of(&stage, &http, &error)),
        None => answer,
    })
}

/// No such page, or not for this method.
pub async fn not_found(http: HttpRequest, stage: Data<Stage>) -> Result<HttpResponse, JsonError> {
    let methods = local::methods(stage.table, http.path());
    Err(if methods.is_empty() { JsonError::not_found() } else { JsonError::method_not_allowed(methods.join(", ")) })
}

fn page_of(stage: &Stage, http: &HttpRequest, error: &JsonError) -> HttpResponse {
    if error.kind() == "signed_out" {
        return reply::with_cookies(
            reply::see_other(stage, &sign_in(stage, http, error)),
            &[stage.site.cookies.drop_session()],
        );
    }
    let (page, shown) = (stage.bare(http), words(stage, http, error));
    let rendered = match stage.site.site {
        Site::Dashboard => reply::page(stage, http, error.status(), &DashboardError { page, error: &shown }),
        Site::Portal => reply::page(stage, http, error.status(), &PortalError { page, error: &shown }),
    };
    let mut response = rendered.unwrap_or_else(|_| reply::headed(stage, StatusCode::SERVICE_UNAVAILABLE).finish());
    if let (Ok(allow), false) = (header::HeaderValue::from_str(error.allow()), error.allow().is_empty()) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    if error.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static(RETRY_S));
    }
    response
}

/// Sign-in, and from there back to the page that was asked for or to the one that shows the form that was sent.
fn sign_in(stage: &Stage, http: &HttpRequest, error: &JsonError) -> String {
    let own = own_page(stage, http, error);
    if own.is_empty() || own == stage.home() {
        return stage.sign_in().to_owned();
    }
    let next: String = form_urlencoded::byte_serialize(own.as_bytes()).collect();
    format!("{}?next={next}", stage.sign_in())
}

/// The page that was asked for, or that shows the form that was sent, with what it held; empty if there is none.
fn own_page(stage: &Stage, http: &HttpRequest, error: &JsonError) -> String {
    let own = http.uri().path_and_query().map_or("", |path| path.as_str());
    let filled = if error.query().is_empty() { None } else { Some(format!("{}?{}", http.path(), error.query())) };
    // What is too long for an address is typed again.
    let page = filled.and_then(|filled| local::page(stage.table, &filled)).or_else(|| local::page(stage.table, own));
    page.unwrap_or_default()
}

fn words(stage: &Stage, http: &HttpRequest, error: &JsonError) -> ErrorPage {
    let again = own_page(stage, http, error);
    let looked = *http.method() == Method::GET;
    let (absent, safe, home_word) = match stage.site.site {
        Site::Dashboard => ("There is no such page, or it is not yours.", "balance", "Back to API"),
        Site::Portal => {
            ("There is no such page, or the key is not bound to your address.", "budget", "Back to your keys")
        }
    };
    let (title, text, again, retry_s) = match error.status() {
        StatusCode::NOT_FOUND => ("Not here", absent.to_owned(), String::new(), ""),
        StatusCode::FORBIDDEN if error.kind() == "cross_site" => (
            "This form is too old",
            "It was opened in another session, so nothing was changed. Open the page again and repeat it.".to_owned(),
            again,
            "",
        ),
        StatusCode::SERVICE_UNAVAILABLE => {
            let safe = format!("Your {safe} is safe. Pages come back by themselves.");
            let done = "Nothing is known to have changed. Trying again is safe: it is done once at most.";
            let text = if looked { safe } else { done.to_owned() };
            ("We are restoring service", text, again, if looked { RETRY_S } else { "" })
        }
        _ => ("That did not work", format!("{} Nothing was changed.", error.message()), again, ""),
    };
    ErrorPage {
        title: title.to_owned(),
        text,
        home_word: home_word.to_owned(),
        request_id: String::new(),
        again,
        retry_s: retry_s.to_owned(),
    }
}
