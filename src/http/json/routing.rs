//! Resources whose unknown methods, and sites whose unknown paths, answer in our own shape.

use std::future::ready;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, web};

use crate::http::json::error::JsonError;

/// A resource with the methods it names; any other is 405 with them in `Allow` (RFC 9110 §15.5.6).
pub struct Place {
    resource: Resource,
    methods: Vec<&'static str>,
}

/// A place that takes no method yet.
pub fn at(path: &str) -> Place {
    Place { resource: web::resource(path), methods: Vec::new() }
}

/// `get`, `post` and so on: adds a method with its handler.
macro_rules! methods {
    ($($method:ident $name:literal),*) => {
        impl Place {
            $(
                pub fn $method<F, Args>(mut self, handler: F) -> Self
                where
                    F: Handler<Args>,
                    Args: FromRequest + 'static,
                    F::Output: Responder + 'static,
                {
                    self.methods.push($name);
                    Place { resource: self.resource.route(web::$method().to(handler)), ..self }
                }
            )*
        }
    };
}

methods!(get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE");

impl HttpServiceFactory for Place {
    fn register(self, config: &mut AppService) {
        let allow = self.methods.join(", ");
        let refuse = move || ready(Err::<HttpResponse, _>(JsonError::method_not_allowed(allow.clone())));
        self.resource.default_service(web::to(refuse)).register(config);
    }
}

/// The default service of dashboard and portal.
pub async fn not_found() -> Result<HttpResponse, JsonError> {
    Err(JsonError::not_found())
}
