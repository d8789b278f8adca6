Feature: The domestic fund helps families up to the organisation's income limit
  The limit is 200% of the Federal Poverty Guideline of the year: $54,640 for three people in 2026.

  Scenario Outline: At the limit, one cent over and one cent under
    Given a family of three with a yearly income of <income>
    When the request is checked
    Then the domestic fund says <answer>

    Examples:
      | income     | answer     |
      | $54,639.99 | eligible   |
      | $54,640.00 | eligible   |
      | $54,640.01 | ineligible |

  Scenario: An income nobody knows yet is a question
    Given a family of three whose income is not known
    When the request is checked
    Then the domestic fund says needs information
