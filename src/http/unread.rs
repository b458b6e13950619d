//! A chunked body that its handler did not read to the end.
//!
//! The server beneath goes on reading such a body once nobody holds it, for as long as its client likes: no limit of ours
//! counts there any more, so a client could keep connections for nothing. Held until the answer has gone out, it makes the
//! server close the connection, as it does by itself for a body of a stated length.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};

/// A request's body, shared by whoever reads it and its answer; to be held is all it is for.
pub struct Kept {
    _body: Rc<RefCell<Payload>>,
}

/// The reader's half.
struct Shared(Rc<RefCell<Payload>>);

/// The body of an answer, with that of its request.
struct Holding {
    body: BoxBody,
    _request: Kept,
}

/// Takes hold of a request's chunked body, which is read as before; `None` for every other request.
pub fn keep(request: &mut ServiceRequest) -> Option<Kept> {
    if !request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let body = Rc::new(RefCell::new(request.take_payload()));
    request.set_payload(Payload::Stream { payload: Box::pin(Shared(body.clone())) });
    Some(Kept { _body: body })
}

/// Lets an answer hold the body of its request.
pub fn hold<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    kept: Option<Kept>,
) -> ServiceResponse<EitherBody<B>> {
    match kept {
        None => response.map_into_left_body(),
        Some(kept) => response.map_body(|_, body| {
            let body = Holding { body: body.boxed(), _request: kept };
            EitherBody::Right { body: BoxBody::new(body) }
        }),
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(cx)
    }
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}
