"""What settings of a sampler are called here, for those who know them by other names."""

SAMPLING_ELSEWHERE = {
    "num_inference_steps": "call it `steps`",
    "timesteps": "call it `times`",
    "guidance_scale": "call it `guidance`",
    "guidance_start": "call it `guidance_interval`; it takes two λ",
    "guidance_end": "call it `guidance_interval`; it takes two λ",
    "class_labels": "call it `label`; it takes names of classes",
    "prompt": "call it `label`; it takes names of classes",
    "scheduler": "call it `sampler`",
    "clip_sample": "call it `clip`",
    "use_clipped_model_output": "call it `clip`",
    "generator": "call it `seed`, a whole number; sprite k of a seed is always the same sprite",
    "num_images_per_prompt": "call it `n`",
    "num_samples": "call it `n`",
    "output_type": "leave it out; `.to_pil()` of what is drawn makes pictures of it",
    "return_dict": "leave it out; what is drawn has the sprites as `.images`",
}
"""By the name of a keyword of diffusers' pipelines and schedulers, what to do here."""
