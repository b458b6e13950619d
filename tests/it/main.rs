mod core_model;
