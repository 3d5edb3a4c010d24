"""The kind of accident each mutation operator stands for."""
FAMILIES = {
    "the optimiser never steps": "no_step no_step_generator no_step_discriminator",
    "backward is missing": "no_backward",
    "step before backward": "step_before_backward",
    "gradients cleared before the step": "zero_between zero_between_generator zero_after_backward zero_each_micro",
    "gradients never cleared": "never_zero never_zero_generator never_zero_discriminator",
    "graph cut by detach or by item": (
        "detach_features detach_output detached detached_trunk output_detached latent_detached encoder_detached "
        "fake_detached_for_g task_detached loss_item"),
    "graph cut by no_grad": "no_grad_trunk no_grad_encoder",
    "optimiser on other parameters": (
        "opt_on_copy opt_on_target wrong_optimiser opt_rebuilt opt_before_rebuild head_after_optimiser "
        "collected_too_early weights_reset generator_reset g_steps_on_d_loss sync_wrong_way"),
    "part of the model left out": (
        "part_left_out adapters_left_out decoder_left_out encoder_left_out head_left_out trunk_left_out "
        "log_vars_left_out"),
    "frozen, unfrozen or multiplied away by mistake": (
        "frozen_after_wrap base_trained both_zero scale_zero head_frozen part_frozen encoder_frozen frozen_encoder"),
    "rate too high": "lr_high lr_high_d lr_high_g",
    "rate too low": "lr_low lr_low_g",
    "schedule is zero or runs out": (
        "sched_stays_zero sched_starts_zero sched_to_zero sched_zero sched_too_short warmup_int_division "
        "sched_not_stepped"),
    "schedule stepped in the wrong unit": "sched_per_batch sched_per_micro sched_decays_to_zero sched_wrong_unit",
    "sign of the loss": "negated_loss kl_sign regulariser_negated temperature_negative reward_negated g_labels_wrong",
    "shape accident in the loss": "broadcast wrong_view masks_transposed",
    "softmax or sigmoid too many": "softmax_twice softmax_wrong_dim sigmoid_twice dead_output",
    "labels paired wrongly": (
        "labels_shuffled loss_other_batch target_other_batch target_shuffled actions_shuffled views_of_others "
        "labels_source_task pos_is_self d_labels_swapped"),
    "labels carry nothing": "labels_constant labels_empty rim_as_class all_ignored smoothing_too_large",
    "train or eval mode": "eval_left_on val_in_train_mode",
    "accumulation": "undivided divided_twice window_never_full",
    "clipping": "clip_tiny clip_after_step",
    "numbers break": "nan_batch gamma_above_one temperature_tiny",
    "scale of inputs or targets": "input_unscaled unnormalised test_unnormalised target_unscaled real_unscaled",
    "data not mixed or always the same": (
        "unshuffled same_batch same_chunk sample_is_one constant_noise batch_of_one_class augment_destroys"),
    "update outside the loop": "loop_dedented update_outside_loop only_last_batch",
    "leak or trivial task": "not_causal not_shifted val_is_train same_view self_not_masked next_is_current",
    "term of the loss wrong": (
        "regulariser_missing one_task_dropped d_never_sees_real d_never_sees_fake kl_mean beta_stuck_zero beta_huge "
        "no_noise collapse_loss not_normalised weights_swapped weight_decay_huge done_ignored min_not_max"),
    "state not kept": "state_dropped target_never_synced",
}
FAMILY_OF = {operator: family for family, operators in FAMILIES.items() for operator in operators.split()}
