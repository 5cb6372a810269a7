//! What is written beside the author's function: a type of its name that answers batches, and its export.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ItemFn;

use crate::arguments::{Argument, By, Field, Input, Once, Param, Role};
use crate::manifest::Params;
use crate::types::{Base, Kind, Shape, Values};

/// A function that was read and checked.
pub(crate) struct Function<'a> {
    pub(crate) kind: Kind,
    pub(crate) returns: Base,
    pub(crate) item: &'a ItemFn,
    pub(crate) arguments: &'a [Argument],
    pub(crate) params: &'a Params,
    pub(crate) manifest: &'a str,
    pub(crate) export: &'a str,
}

/// What the arguments need, before the loop and in it.
#[derive(Default)]
struct Parts {
    /// Once a batch: parameters and what is computed of them, with the author's names.
    before: TokenStream,
    /// Once a batch: columns, and what is borrowed of the above.
    columns: TokenStream,
    /// The columns of which a document must have a value.
    strict: TokenStream,
    /// Columns of numbers and booleans, whose values a block hands over.
    numbers: Vec<Numbers>,
    /// Once a document.
    each: TokenStream,
    /// The arguments of the call.
    call: Vec<TokenStream>,
    fields: usize,
}

/// A column of numbers or booleans.
struct Numbers {
    /// The slice of its values.
    values: Ident,
    /// One of them.
    value: Ident,
    ty: TokenStream,
}

/// A name that the author can neither see nor hide.
fn hidden(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Function<'_> {
    pub(crate) fn tokens(&self) -> TokenStream {
        let ident = &self.item.sig.ident;
        let vis = &self.item.vis;
        let cfgs: Vec<_> = self
            .item
            .attrs
            .iter()
            .filter(|a| a.path().is_ident("cfg"))
            .collect();
        let (manifest, export) = (self.manifest, self.export);
        let doc = format!("Asks [`fn@{ident}`] about batches of documents.");
        let body = self.body();
        quote! {
            #(#cfgs)*
            #[doc = #doc]
            #[allow(non_camel_case_types, dead_code)]
            #vis struct #ident {}

            #(#cfgs)*
            #[allow(unsafe_code)]
            impl ::diagon_udf::Function for #ident {
                const MANIFEST: &'static str = #manifest;
                #body
            }

            #(#cfgs)*
            ::diagon_udf::export!(#ident, #export);
        }
    }

    fn body(&self) -> TokenStream {
        let mut parts = Parts::default();
        for (index, argument) in self.arguments.iter().enumerate() {
            let ident = &argument.ident;
            match &argument.role {
                Role::Param(param) => self.param(&mut parts, ident, param, index),
                Role::Once(once) => parts.once(ident, once, index),
                Role::Field(field) => parts.field(field, index),
                Role::Input(input) => parts.input(*input, index),
            }
        }
        let ident = &self.item.sig.ident;
        let [batch, out, function, present] = ["batch", "out", "function", "present"].map(hidden);
        let Parts {
            before,
            columns,
            strict,
            ..
        } = &parts;
        let run = if self.kind == Kind::Value && self.returns == Base::Str {
            self.strings(&parts)
        } else {
            self.blocks(&parts)
        };
        quote! {
            #[allow(unused_mut)]
            fn answer(#batch: &::diagon_udf::Batch<'_>, #out: ::diagon_udf::Out<'_>) {
                // Arguments may have the function's name.
                let #function = #ident;
                #before
                #columns
                let #present = ::diagon_udf::Present::all(#batch.len())#strict;
                // SAFETY, from here on: columns have a value, and lists a range of items, for each document of the batch.
                #run
            }
        }
    }

    /// Answers strings, one by one.
    fn strings(&self, parts: &Parts) -> TokenStream {
        let [out, function, present, document, answer] =
            ["out", "function", "present", "document", "answer"].map(hidden);
        let Parts { each, call, .. } = parts;
        let numbers = parts.numbers.iter().map(|Numbers { values, value, .. }| {
            quote!(let #value = unsafe { *#values.get_unchecked(#document) };)
        });
        quote! {
            ::diagon_udf::__private::run::strs(#out, &#present, move |#document, #answer| {
                #(#numbers)*
                #each
                #answer.put(::diagon_udf::__private::Value::value(#function(#(#call),*)));
            });
        }
    }

    /// Answers numbers, booleans and verdicts, a block at a time.
    fn blocks(&self, parts: &Parts) -> TokenStream {
        let [out, function, present, document, answer, from, block, place] = [
            "out", "function", "present", "document", "answer", "from", "block", "place",
        ]
        .map(hidden);
        let Parts { each, call, .. } = parts;
        let (mut values, mut value, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for numbers in &parts.numbers {
            values.push(&numbers.values);
            value.push(&numbers.value);
            types.push(&numbers.ty);
        }
        let asked = quote!(#function(#(#call),*));
        let (run, item, answered) = match (self.kind, self.returns) {
            (Kind::Filter, _) => {
                let verdict = quote!(Answer::Value(Verdict::verdict(#asked).into()));
                if values.is_empty() {
                    ("filter", quote!(u8), verdict)
                } else {
                    ("wide_filter", quote!(u32), verdict)
                }
            }
            (Kind::Score, _) => (
                "score",
                quote!(f64),
                quote!(Answer::Value(Score::score(#asked))),
            ),
            (Kind::Value, Base::F64) => {
                ("f64s", quote!(f64), quote!(Value::value(#asked).or_nan()))
            }
            (Kind::Value, base) => {
                let item = format_ident!("{}", base.name());
                (values_of(base), quote!(#item), quote!(Value::value(#asked)))
            }
        };
        let run = format_ident!("{run}");
        // What reads no numbers can't become vector code.
        let each_of = format_ident!(
            "{}",
            if values.is_empty() {
                "one_by_one"
            } else {
                "by_eight"
            }
        );
        quote! {{
            use ::diagon_udf::__private::{run, Answer, Score, Value, Verdict};
            let mut #answer = move |#document: usize, #(#value: #types),*| {
                #each
                #answered
            };
            // Not a part of the loop: only arguments are known to be readable as a whole.
            #[inline(never)]
            #[allow(clippy::too_many_arguments)]
            fn __diagon_block(
                #answer: &mut impl FnMut(usize, #(#types),*) -> Answer<#item>,
                #from: usize,
                #out: &mut [#item],
                #(#values: &run::Block<#types>,)*
            ) -> u64 {
                let mut missing = 0;
                run::#each_of(#out, |#document, #place| {
                    #(let #value = unsafe { #values.get_unchecked(#document).assume_init() };)*
                    missing |= run::put(#place, #answer(#from + #document, #(#value),*)) << #document;
                });
                missing
            }
            run::#run(#out, &#present, |#from, #block| {
                __diagon_block(&mut #answer, #from, #block, #(unsafe { run::block(#values, #from) }),*)
            });
        }}
    }

    fn param(&self, parts: &mut Parts, ident: &Ident, param: &Param, index: usize) {
        let (batch, list) = (hidden("batch"), hidden(&format!("list_{index}")));
        let name = &param.name;
        // Each parameter was put there by this argument.
        let place = self.params.place(name).unwrap_or_default();
        let values = param.values;
        let value = if values.shape.is_list() {
            let items = match (values.shape, values.base) {
                (Shape::Strs, _) => quote!(items.strs()),
                (_, Base::Str) => quote!(items.strs().iter().collect::<::std::vec::Vec<&str>>()),
                (_, Base::I32) => quote!(items
                    .i64s()
                    .iter()
                    .map(|item| *item as i32)
                    .collect::<::std::vec::Vec<i32>>()),
                (_, Base::F32) => quote!(items
                    .f64s()
                    .iter()
                    .map(|item| *item as f32)
                    .collect::<::std::vec::Vec<f32>>()),
                (_, base) => {
                    let values = format_ident!("{}", values_of(base));
                    quote!(items.#values())
                }
            };
            parts.before.extend(quote! {
                let #list = #batch.list_param(#place).map(|items| #items);
            });
            if values.shape == Shape::Strs {
                quote!(#list)
            } else {
                // A slice, whether it is the engine's or was collected.
                quote!(#list.as_ref().map(|items| &items[..]))
            }
        } else {
            let read = format_ident!("{}_param", values.base.name());
            quote!(#batch.#read(#place))
        };
        let value = if values.option {
            value
        } else {
            quote!(::diagon_udf::__private::given(#value, #name))
        };
        parts
            .before
            .extend(quote!(let #ident = ::diagon_udf::Param(#value);));
        parts.call.push(quote!(#ident));
    }
}

/// What the methods that give values of a type are called.
fn values_of(base: Base) -> &'static str {
    match base {
        Base::Bool => "bools",
        Base::I32 | Base::I64 => "i64s",
        Base::F32 | Base::F64 => "f64s",
        Base::Str => "strs",
    }
}

impl Parts {
    fn once(&mut self, ident: &Ident, once: &Once, index: usize) {
        let value = &once.value;
        let ty = once.ty.as_ref().map(|ty| quote!(: #ty));
        let borrowed = hidden(&format!("once_{index}"));
        self.before.extend(quote!(let mut #ident #ty = #value;));
        let (columns, call) = match once.by {
            By::Reference => (quote!(let #borrowed = &#ident;), quote!(#borrowed)),
            By::Mutable => (
                quote!(let #borrowed = &mut #ident;),
                quote!(&mut *#borrowed),
            ),
            By::Value => {
                let copy = quote_spanned!(ident.span()=> ::diagon_udf::__private::copied(&#ident));
                (quote!(), copy)
            }
        };
        self.columns.extend(columns);
        self.call.push(call);
    }

    /// A column of numbers or booleans, `slice` of its values; its value of a document.
    fn numbers(&mut self, index: usize, ty: TokenStream, slice: &TokenStream) -> Ident {
        let (values, value) = (
            hidden(&format!("values_{index}")),
            hidden(&format!("value_{index}")),
        );
        self.columns.extend(quote!(let #values = #slice;));
        self.numbers.push(Numbers {
            values,
            value: value.clone(),
            ty,
        });
        value
    }

    fn field(&mut self, field: &Field, index: usize) {
        let (batch, document) = (hidden("batch"), hidden("document"));
        let column = hidden(&format!("column_{index}"));
        let place = self.fields;
        self.fields += 1;
        let Values {
            base,
            shape,
            option,
        } = field.values;
        if shape.is_list() {
            self.list(base, shape, index, place);
            return;
        }
        let read = format_ident!("{}_column", base.name());
        self.columns
            .extend(quote!(let #column = #batch.#read(#place);));
        if !option {
            self.strict.extend(quote!(.and(#column.validity())));
        }
        let value = match (base, option) {
            (Base::Str, false) => quote!(unsafe { #column.value_unchecked(#document) }),
            (Base::Str, true) => quote!(unsafe { #column.get_unchecked(#document) }),
            (base, option) => {
                let ty = format_ident!("{}", base.name());
                let value = self.numbers(index, quote!(#ty), &quote!(#column.values()));
                if option {
                    quote!(unsafe { #column.validity().has_unchecked(#document) }.then_some(#value))
                } else {
                    quote!(#value)
                }
            }
        };
        self.call.push(value);
    }

    fn list(&mut self, base: Base, shape: Shape, index: usize, place: usize) {
        let (batch, document) = (hidden("batch"), hidden("document"));
        let [column, items, list] =
            ["column", "items", "list"].map(|name| hidden(&format!("{name}_{index}")));
        let of = format_ident!("{}", values_of(base));
        self.columns.extend(quote! {
            let #column = #batch.list_column(#place);
            let #items = #column.items().#of();
        });
        let range = quote!(#column.range_unchecked(#document));
        match (shape, base) {
            (Shape::Strs, _) => self
                .call
                .push(quote!(unsafe { #items.part_unchecked(#range) })),
            (_, Base::Str) => {
                self.columns
                    .extend(quote!(let mut #list: ::std::vec::Vec<&str> = ::std::vec::Vec::new();));
                self.each.extend(quote! {
                    #list.clear();
                    #list.extend(unsafe { #items.part_unchecked(#range) });
                });
                self.call.push(quote!(&#list[..]));
            }
            _ => self
                .call
                .push(quote!(unsafe { #items.get_unchecked(#range) })),
        }
    }

    fn input(&mut self, input: Input, index: usize) {
        let (batch, document) = (hidden("batch"), hidden("document"));
        let (read, name, ty) = match input {
            Input::Id => {
                let column = hidden(&format!("column_{index}"));
                self.columns.extend(
                    quote!(let #column = ::diagon_udf::__private::given(#batch.ids(), "id");),
                );
                self.call
                    .push(quote!(unsafe { #column.value_unchecked(#document) }));
                return;
            }
            Input::DocId => (quote!(doc_ids), "doc_id", quote!(u32)),
            Input::Score => (quote!(scores), "score", quote!(f32)),
        };
        let value = self.numbers(
            index,
            ty,
            &quote!(::diagon_udf::__private::input(#batch.#read(), #batch.len(), #name)),
        );
        self.call.push(quote!(#value));
    }
}
