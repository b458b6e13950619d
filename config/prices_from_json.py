#!/usr/bin/env python3
"""Turns the collected price list (JSON) into the product's price book (TOML).

usage: config/prices_from_json.py prices.json > config/prices.toml

Decimals stay texts. Two facts that the list holds only as prose are made explicit here:
- fast mode of claude-opus-4-6 costs six times the base (the provider's own client computes so);
- web_fetch is free beyond its tokens with every Claude model.
"""
import json
import re
import sys

FAST = {"claude-opus-4-6": "6", "claude-opus-4-6-20260205": "6"}
RATES = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write", "cache_write_12h"]


def display_name(model):
    name, dated, date = re.fullmatch(r"(.+?)(-(\d{8}))?", model).groups()
    if not name.startswith("claude-"):
        return model
    words = re.sub(r"(\d)-(\d)", r"\1.\2", name).replace("-", " ").title()
    return f"{words} ({date[:4]}-{date[4:6]}-{date[6:]})" if dated else words


def quoted(text):
    return json.dumps(text)


def inline(table, names):
    return "{ " + ", ".join(f"{n} = {quoted(table[n])}" for n in names if n in table) + " }"


def rows(model):
    anthropic = model["provider"] == "anthropic"
    yield "[[model]]"
    yield f"id = {quoted(model['id'])}"
    yield f"provider = {quoted(model['provider'])}"
    yield f"display_name = {quoted(display_name(model['id']))}"
    if "deprecation_date" in model:
        yield f"deprecation_date = {quoted(model['deprecation_date'])}"
    for limit in ("max_input_tokens", "max_output_tokens"):
        if limit in model:
            yield f"{limit} = {model[limit]}"
    fast = model.get("speed_fast_multiplier", FAST.get(model["id"]))
    if fast:
        yield f"speed_fast_multiplier = {quoted(fast)}"
    if "inference_geo_us_multiplier" in model:
        yield f"inference_geo_us_multiplier = {quoted(model['inference_geo_us_multiplier'])}"
    yield f"usd_per_million_tokens = {inline(model['usd_per_million_tokens'], RATES)}"
    tools = {"web_search": model["web_search_usd_per_1000"]} if "web_search_usd_per_1000" in model else {}
    if anthropic:
        tools["web_fetch"] = "0"
    if tools:
        yield f"server_tools_usd_per_1000 = {inline(tools, tools)}"
    for tier in model.get("long_context", []):
        yield "[[model.long_context]]"
        yield f"when_total_input_tokens_gt = {tier['when_total_input_tokens_gt']}"
        yield f"usd_per_million_tokens = {inline(tier['usd_per_million_tokens'], RATES)}"
    for name, rates in model.get("service_tiers", {}).items():
        yield f"[model.service_tiers.{name}]"
        yield from (f"{n} = {quoted(rates[n])}" for n in RATES if n in rates)
    yield ""


HEAD = """\
# The price book: what each model costs, in US dollars per 1,000,000 tokens, as decimal texts.
#
# A price the row lacks is unpriced, and what is unpriced is refused; it is never free. Rows are never edited: a new
# price is one more [[model]] with the same id, `version` one higher and `effective_from` = the day it begins.
# Rows past their `deprecation_date`, and rows of a provider whose dialect is not served, load disabled.
# Fast mode of claude-opus-4-6 (x6) is taken from the provider's own client, which lists it; no public list does.
# gpt-6.2-astra and gpt-6.2-sol are named by an SDK and priced nowhere, so they are not here.
# Made by config/prices_from_json.py, prices of {generated}. Sources: {sources}.
"""


def main():
    book = json.load(open(sys.argv[1], encoding="utf-8"))
    sources = ", ".join(f"{s['name']} {s['version']}" + (f" ({s['license']})" if "license" in s else "")
                        for s in book["sources"])
    print(HEAD.format(generated=book["generated"], sources=sources))
    for model in book["models"]:
        print("\n".join(rows(model)))


main()
